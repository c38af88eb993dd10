import { posix } from 'node:path';
import type { Bucket, CallOptions } from '../bucket.ts';
import { StoreError } from '../store-error.ts';
import { listOnce } from './list-once.ts';

/**
 * Reads an object that was listed. Where the store says that there is none, one more listing tells why: throws a StoreError `not_found`
 * when it was deleted since, and `invalid` when the store still lists it, which says nothing about what is in it.
 */
export async function readListed<T>(
  key: string,
  read: () => Promise<T>,
  { bucket, signal }: CallOptions & { readonly bucket: Bucket },
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreError && error.kind === 'not_found')) {
      throw error;
    }
    const listed = await isListed(key, bucket, { signal });
    throw listed === undefined ? error : listed ? contradiction(error) : deleted(error);
  }
}

function deleted(cause: StoreError): StoreError {
  const { action, object } = cause;
  return new StoreError('not_found', {
    action,
    object,
    found:
      'it was listed and is not there any more: garbage collection, etcdbrctl prune or a rule of the bucket has deleted it meanwhile',
    remedy: 'run it again, which begins with what is there now',
    cause,
  });
}

function contradiction(cause: StoreError): StoreError {
  const { action, object, foundText } = cause;
  return new StoreError('invalid', {
    action,
    object,
    found: `${foundText}, and the store lists it all the same`,
    remedy:
      'run it again in some minutes, as a listing may lag behind a deletion; where it stays so, look for the object in the store itself: it is ' +
      'lost there, or a gateway, a cache or a replica answers for it that does not have it',
    cause,
  });
}

/** Undefined where the store does not answer that. */
async function isListed(key: string, bucket: Bucket, options: CallOptions): Promise<boolean | undefined> {
  try {
    for await (const entry of listOnce(bucket, `${posix.dirname(key)}/`, options)) {
      if (entry.key === key) {
        return true;
      }
    }
    return false;
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof StoreError) {
      return undefined;
    }
    throw error;
  }
}
