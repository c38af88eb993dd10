import assert from 'node:assert/strict';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';

/** What the promise rejects with, which must be a {@link StoreError} of this kind. */
export async function storeErrorOf(promise: Promise<unknown>, kind: StoreErrorKind): Promise<StoreError> {
  const error = await promise.then(
    () => assert.fail('no error'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, kind, error.message);
  return error;
}
