import { posix } from 'node:path';
import { StoreError } from '../store-error.ts';

/**
 * What the keys of a store begin with, empty or with a slash at its end: the prefix, cleaned as Go's path.Join does, so that doubled
 * slashes and dots go. `location` is for messages. Throws a {@link StoreError} of kind `invalid` when the prefix leads out of the container.
 */
export function storeRoot(prefix: string, location: string): string {
  const clean = posix.join('/', prefix).slice(1).replace(/\/$/, '');
  if (posix.normalize(prefix).split('/').includes('..')) {
    throw new StoreError('invalid', {
      action: 'keep backups in',
      object: location,
      found: `the prefix "${prefix}" leads out of it`,
      remedy: 'give a --store-prefix without ..',
    });
  }
  return clean === '' ? '' : `${clean}/`;
}
