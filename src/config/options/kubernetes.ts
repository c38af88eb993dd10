import { optionGroup } from '../option.ts';

const kubernetes = { flag: 'kubernetes', type: 'bool', default: false } as const;

const namespace = {
  flag: 'namespace',
  short: 'n',
  type: 'string',
  default: undefined,
  placeholder: 'name',
} as const;

const namespaceOfPrefix = {
  ...namespace,
  help: 'Only objects of this namespace, and the namespace itself; PREFIX is then /registry/ unless it is given. All namespaces when not given.',
} as const;

/** Whether keys are shown as objects. */
export const objectListOptions = optionGroup({
  title: 'Kubernetes',
  options: {
    kubernetes: {
      ...kubernetes,
      help: 'List objects by kind, namespace and name; --depth 1 counts them by kind, --depth 2 by kind and namespace. Reads the values, too.',
    },
    namespace: {
      ...namespace,
      help: 'Only objects of this namespace, and the namespace itself; with --kubernetes. All namespaces when not given.',
    },
  },
  check(values) {
    return values.namespace !== undefined && !values.kubernetes
      ? { option: 'namespace', found: '--kubernetes is missing', remedy: 'give both' }
      : undefined;
  },
});

/** Whether differences are counted by kind. */
export const objectDiffOptions = optionGroup({
  title: 'Kubernetes',
  options: {
    kubernetes: {
      ...kubernetes,
      help: 'Show how many objects of each kind were added, changed and deleted in each namespace, instead of the keys.',
    },
    namespace: {
      ...namespace,
      help: 'Only objects of this namespace, and the namespace itself; all namespaces when not given.',
    },
  },
});

/** Whether an export is one of manifests. */
export const manifestOptions = optionGroup({
  title: 'Kubernetes',
  options: {
    kubernetes: {
      ...kubernetes,
      help: 'Write manifests for kubectl apply instead of lines of JSON: without what the server sets, and without objects that others of the export make.',
    },
    raw: {
      flag: 'raw',
      type: 'bool',
      default: false,
      help: 'Write every object as it was, as kubectl get -o yaml shows it; with --kubernetes.',
    },
    namespace: namespaceOfPrefix,
  },
  check(values) {
    return values.raw && !values.kubernetes
      ? { option: 'raw', found: '--kubernetes is missing', remedy: 'give both' }
      : undefined;
  },
});

/** Whose objects are brought back. */
export const namespaceOptions = optionGroup({
  title: 'Kubernetes',
  options: {
    namespace: namespaceOfPrefix,
  },
});
