import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Damage } from '../../../src/datadir/damage.ts';
import { UnfitChange } from '../../../src/datadir/mvcc/unfit-change.ts';
import { errorText } from '../../../src/runtime/log/error-text.ts';
import { CompressionDamage, SnapshotDamage } from '../../../src/snapshot/damage.ts';
import { packError, unpackError } from '../../../src/workers/transported-error.ts';

/** An error after a way between threads. */
function transported(error: unknown): Error {
  return unpackError(structuredClone(packError(error)));
}

it('errors that say what is wrong with a file or a snapshot keep their type and facts', () => {
  const damage = transported(new Damage({ file: 'db', offset: 5, reason: 'torn' }));
  assert.ok(damage instanceof Damage);
  assert.deepEqual([damage.file, damage.offset, damage.reason], ['db', 5, 'torn']);

  const cause = Object.assign(new Error('invalid block'), { notCloneable: () => undefined });
  const snapshotDamage = transported(new CompressionDamage('it ends too early', { offset: 7, cause }));
  assert.ok(snapshotDamage instanceof SnapshotDamage);
  assert.deepEqual([snapshotDamage.reason, snapshotDamage.offset], ['it ends too early', 7]);
  assert.ok(snapshotDamage.cause instanceof Error);
  assert.equal(snapshotDamage.cause.message, 'invalid block');

  const unfit = transported(new UnfitChange(9, { kind: 'gap', from: 7, to: 8 }));
  assert.ok(unfit instanceof UnfitChange);
  assert.deepEqual([unfit.revision, unfit.reason], [9, { kind: 'gap', from: 7, to: 8 }]);
});

it('the words of zlib are not shown after a way between threads either', () => {
  const cause = Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR' });
  const damage = transported(new CompressionDamage('the compressed data cannot be expanded', { offset: 0, cause }));
  assert.equal(errorText(damage), 'the compressed data cannot be expanded at byte 0');
});

it('other errors keep their message, and the code and call of the system', () => {
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' });
  const error = transported(missing);
  assert.deepEqual({ ...error, message: error.message }, { message: 'no such file', code: 'ENOENT', syscall: 'open' });
  assert.equal(transported('a text').message, 'a text');
  assert.equal(transported(undefined).message, 'undefined');
});
