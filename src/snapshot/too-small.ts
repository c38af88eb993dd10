import { HASH_SIZE } from './hash-size.ts';

/** Whether a stored object of so many bytes cannot be a snapshot: not even the hash at its end fits. False when the size is not known. */
export function isTooSmall({ size }: { readonly size?: number }): boolean {
  return size !== undefined && size < HASH_SIZE;
}
