import type { Bucket, CallOptions } from './bucket.ts';
import { StoreError } from './store-error.ts';

/** No more are removed at a time: the rest goes the next time. */
const mostRemoved = 100;

/**
 * Removes objects that newer ones have replaced, at most a hundred. What is locked, or gone already, does no harm. Of more than a
 * hundred, as many others are tried as could not be removed, from a place that each `turn` puts elsewhere: objects that are held for ever
 * do not keep the others. Throws a StoreError when the store does not answer.
 */
export async function removeReplaced(
  bucket: Pick<Bucket, 'delete'>,
  { keys, turn }: { readonly keys: readonly string[]; readonly turn: number },
  options: CallOptions,
): Promise<void> {
  let stayed = 0;
  for (const key of keys.slice(0, mostRemoved)) {
    stayed += (await isRemoved(bucket, key, options)) ? 0 : 1;
  }
  const rest = keys.slice(mostRemoved);
  const start = rest.length === 0 ? 0 : (Math.imul(turn, 0x9e3779b1) >>> 0) % rest.length;
  for (const key of [...rest.slice(start), ...rest.slice(0, start)].slice(0, stayed)) {
    await isRemoved(bucket, key, options);
  }
}

async function isRemoved(bucket: Pick<Bucket, 'delete'>, key: string, options: CallOptions): Promise<boolean> {
  try {
    await bucket.delete(key, options);
    return true;
  } catch (error) {
    if (error instanceof StoreError && ['immutable', 'denied', 'invalid', 'not_found'].includes(error.kind)) {
      return false;
    }
    throw error;
  }
}
