import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Damage } from '../../../src/datadir/damage.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { SnapshotDamage } from '../../../src/snapshot/damage.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';

describe('an error in the text of a log line', () => {
  for (const error of [
    new Failure({ code: 'store_invalid', action: 'list', object: '/backup', found: 'it is a file' }),
    new StoreError('invalid', { action: 'list', object: '/backup', found: 'it is a file' }),
    new Damage({ file: 'db', offset: 7, reason: 'its page has no number' }),
    new SnapshotDamage('it ends too early'),
  ]) {
    it(`has no name of a class: ${error.message}`, () => {
      assert.equal(`trying again later: ${error}`, `trying again later: ${error.message}`);
    });
  }
});
