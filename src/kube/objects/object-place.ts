import type { StoredValue } from './stored-object.ts';

/** What an object is called, as far as its value or its key tells. Texts are empty where they are not known. */
export interface ObjectPlace {
  readonly apiVersion: string;
  /** The kind, or where only the key tells, the resource: `secrets`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * What is stored under a key, by its value, and by the key where the value is encrypted or no object. Keys are
 * `/PREFIX/RESOURCE/NAME`, `/PREFIX/RESOURCE/NAMESPACE/NAME`, and with the group before the resource for those of extensions.
 */
export function placeOf(key: Uint8Array, value: StoredValue): ObjectPlace {
  if (value.kind === 'object') {
    const { apiVersion, objectKind, namespace, name } = value;
    return { apiVersion, kind: objectKind, namespace, name };
  }
  const segments = Buffer.from(key)
    .toString()
    .split('/')
    .filter((segment) => segment !== '');
  const group = segments[1]?.includes('.') === true ? segments[1] : '';
  const [resource = '', ...below] = segments.slice(group === '' ? 1 : 2);
  // Of services there are two kinds of keys.
  const rest = resource === 'services' && below.length > 2 ? below.slice(1) : below;
  return {
    apiVersion: group,
    kind: resource,
    namespace: rest.length > 1 ? rest.slice(0, -1).join('/') : '',
    name: rest.at(-1) ?? '',
  };
}

/** Whether an object belongs to a namespace, or is that namespace. */
export function isIn(namespace: string, place: ObjectPlace): boolean {
  const isItself = /^namespaces?$/i.test(place.kind) && place.namespace === '' && place.name === namespace;
  return isItself || place.namespace === namespace;
}
