import { StoreError, type StoreErrorKind } from './store-error.ts';

/** The error for an object that is there after a store answered that it had deleted it. */
export function stayedError(kind: StoreErrorKind, object: string): StoreError {
  return new StoreError(kind, {
    action: 'delete',
    object,
    found: 'the store answered that it is deleted, and it is still there',
    remedy: 'look for a lock, a hold or versions in the settings of the store',
  });
}
