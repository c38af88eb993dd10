import { StoreError } from './store-error.ts';

/**
 * Throws a {@link StoreError} `invalid` where an object that is read as a whole is shorter or longer than it was listed: it was replaced, or what
 * comes is not it. `listed` is undefined where it was not listed.
 */
export function checkListedSize(
  size: number,
  listed: number | undefined,
  { action, object }: { readonly action: string; readonly object: string },
): void {
  if (listed !== undefined && size !== listed) {
    throw new StoreError('invalid', {
      action,
      object,
      found: `it was listed with ${listed} bytes, and has ${size} now`,
      remedy:
        'run it again, as it may have been replaced meanwhile; where that stays so, see what is on the way to the store, or wrong with it',
    });
  }
}
