import { isIn, placeOf } from '../kube/objects/object-place.ts';
import { readStoredValue } from '../kube/objects/stored-object.ts';

/** Asks of a key with its value whether it is an object of a namespace; undefined where none is given. */
export function namespaceFilter(
  namespace: string | undefined,
): ((key: Uint8Array, value: Uint8Array) => boolean) | undefined {
  return namespace === undefined ? undefined : (key, value) => isIn(namespace, placeOf(key, readStoredValue(value)));
}
