import type { StoredValue } from './stored-object.ts';

/** What an object is called, as far as its value or its key says. Texts are empty where they are not known. */
export interface ObjectPlace {
  readonly apiVersion: string;
  /** The kind, or where only the key says, the resource: `secrets`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * What is stored under a key, by its value, and by the key where the value is encrypted or no object. Keys are
 * `/PREFIX/RESOURCE/NAME`, `/PREFIX/RESOURCE/NAMESPACE/NAME`, and with the group before the resource for those of extensions. A prefix may
 * have several segments, so the key is read from its end.
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
  const [name = '', parent = '', above = '', top = ''] = segments.toReversed();
  if (segments.length <= 3 || parent === 'namespaces') {
    return { apiVersion: '', kind: parent, namespace: '', name };
  }
  // A group has a dot, a resource has none.
  if (above.includes('.')) {
    return { apiVersion: above, kind: parent, namespace: '', name };
  }
  // Of services there are two kinds of keys.
  const kind = top === 'services' && (above === 'specs' || above === 'endpoints') ? top : above;
  return { apiVersion: segments.length > 4 && top.includes('.') ? top : '', kind, namespace: parent, name };
}

/** Whether an object belongs to a namespace, or is that namespace. */
export function isIn(namespace: string, place: ObjectPlace): boolean {
  const isItself = /^namespaces?$/i.test(place.kind) && place.namespace === '' && place.name === namespace;
  return isItself || place.namespace === namespace;
}
