type Fields = Readonly<Record<string, unknown>>;

/** Fields of the metadata that the API server sets. */
const SERVER_METADATA = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
  // They name owners by uids, which those get anew: the garbage collector would delete what has such an owner.
  'ownerReferences',
] as const;

/** Annotations that controllers and kubectl set. */
const SET_ANNOTATIONS = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'kubernetes.io/service-account.uid',
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
] as const;

/** Labels of the pods of a job, which hold its uid. */
const JOB_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid', 'job-name', 'batch.kubernetes.io/job-name'];

/** An object without what the server sets, so that `kubectl apply` can make it anew. The input stays as it is. */
export function manifestOf(object: Fields): Fields {
  const { status: _, ...rest } = object;
  return mend({ ...rest, metadata: withoutEmpty(metadataOf(record(object['metadata']))) });
}

function metadataOf(metadata: Fields): Fields {
  const kept = without(metadata, SERVER_METADATA);
  return { ...kept, annotations: orUndefined(without(record(metadata['annotations']), SET_ANNOTATIONS)) };
}

/** What is particular to a kind. */
function mend(object: Fields): Fields {
  const spec = record(object['spec']);
  switch (object['kind']) {
    case 'Namespace':
      return without(object, ['spec']);
    case 'Service': {
      const isHeadless = spec['clusterIP'] === 'None';
      return { ...object, spec: isHeadless ? spec : without(spec, ['clusterIP', 'clusterIPs']) };
    }
    case 'Pod':
      return { ...object, spec: without(spec, ['nodeName']) };
    case 'PersistentVolume': {
      const claim = without(record(spec['claimRef']), ['uid', 'resourceVersion']);
      return { ...object, spec: withoutEmpty({ ...spec, claimRef: orUndefined(claim) }) };
    }
    case 'Job':
      return spec['manualSelector'] === true ? object : { ...object, spec: jobSpec(spec) };
    default:
      return object;
  }
}

function jobSpec(spec: Fields): Fields {
  const template = record(spec['template']);
  const metadata = record(template['metadata']);
  const labels = orUndefined(without(record(metadata['labels']), JOB_LABELS));
  return {
    ...without(spec, ['selector']),
    template: { ...template, metadata: withoutEmpty({ ...metadata, labels, creationTimestamp: undefined }) },
  };
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function orUndefined(fields: Fields): Fields | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
