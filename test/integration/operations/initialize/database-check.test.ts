import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { checkEtcdDatabase } from '../../../../src/datadir/mvcc/check-etcd-database.ts';
import { checkFiles } from '../../../../src/operations/initialize/check-files.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { DatabaseCheckThread } from '../../../../src/workers/database-check-thread.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { lengthenLog } from '../../../support/datadir/lengthen-log.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const { signal } = new AbortController();

/** Spoils the kind of page 5 of a database whose pages have 4096 bytes. */
async function spoil(db: string): Promise<void> {
  const bytes = await readFile(db);
  bytes[5 * 4096 + 8] = 0x77;
  await writeFile(db, bytes);
}

async function inThread(file: string, wanted = signal): Promise<'sound' | 'unknown'> {
  await using check = new DatabaseCheckThread(file);
  return await check.finished({ signal: wanted });
}

test('a thread finds a database sound or finds the same damage as the check itself', async () => {
  using dir = makeTempDir();
  await restore(restoreRequest(dir), recordedContext());
  const db = dir.join('data/member/snap/db');
  assert.equal(await inThread(db), 'sound');
  await spoil(db);
  const expected = await checkEtcdDatabase(db, { signal }).then(
    () => assert.fail('the spoilt page went unnoticed'),
    (error: unknown) => error,
  );
  assert.ok(expected instanceof Damage);
  await assert.rejects(inThread(db), (error) => {
    assert.ok(error instanceof Damage);
    const { file, offset, reason, message } = expected;
    assert.deepEqual([error.file, error.offset, error.reason, error.message], [file, offset, reason, message]);
    return true;
  });
});

test('of a database that it cannot read a thread says that it does not know; an abort ends the wait', async () => {
  using dir = makeTempDir();
  assert.equal(await inThread(dir.join('none')), 'unknown');
  const reason = new Error('enough');
  await assert.rejects(inThread(dir.join('none'), AbortSignal.abort(reason)), reason);
});

test('next to a long log a sound db passes, and damage of the log is reported before that of the db', async () => {
  using dir = makeTempDir();
  await restore(restoreRequest(dir), recordedContext());
  const memberDir = dir.join('data/member');
  const text = Buffer.alloc(1024 * 1024, 'some text ');
  await lengthenLog(memberDir, { segmentSize: 8 * 1024 * 1024, count: 40, data: () => text });
  await checkFiles({ memberDir, walDir: `${memberDir}/wal` }, recordedContext());

  const db = dir.join('data/member/snap/db');
  await spoil(db);
  await assert.rejects(
    checkFiles({ memberDir, walDir: `${memberDir}/wal` }, recordedContext()),
    (error) => error instanceof Damage && error.file === db,
  );
  const segment = dir.join('data/member/wal/0000000000000000-0000000000000000.wal');
  const bytes = await readFile(segment);
  bytes[bytes.indexOf('some text')] = 0;
  await writeFile(segment, bytes);
  await assert.rejects(
    checkFiles({ memberDir, walDir: `${memberDir}/wal` }, recordedContext()),
    (error) => error instanceof Damage && error.file === segment,
  );
});
