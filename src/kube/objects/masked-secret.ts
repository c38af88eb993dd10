type Fields = Readonly<Record<string, unknown>>;

/** Fields that say which object it is, and hold no secret. */
const OPEN = ['apiVersion', 'kind', 'type', 'immutable'];

/** Fields of the metadata that hold no secret. Annotations do: kubectl keeps the whole object in one. */
const OPEN_METADATA = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'labels',
  'creationTimestamp',
  'deletionTimestamp',
  'ownerReferences',
  'finalizers',
];

/** A secret with its names and the sizes of its values instead of these. */
export function masked(object: Fields): Fields {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (OPEN.includes(name)) {
        return [name, value];
      }
      return [name, name === 'metadata' ? maskedEntries(value, OPEN_METADATA) : maskedEntries(value, [])];
    }),
  );
}

function maskedEntries(value: unknown, open: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return hidden(value);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      open.includes(name) ? each : name === 'annotations' ? maskedEntries(each, []) : hidden(each),
    ]),
  );
}

/** Texts of `data` are in base64; their length would give away how long a secret is, as for every other value. */
function hidden(value: unknown): string {
  const length = typeof value === 'string' ? value.length : (JSON.stringify(value) ?? '').length;
  return `(${length} ${length === 1 ? 'character' : 'characters'}, hidden)`;
}
