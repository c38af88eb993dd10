import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import { jumpingClock } from '../../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { type AnswerScript, xmlStep } from '../../../support/servers/answer-script.ts';
import { startScriptedS3 } from '../../../support/stores/scripted-s3.ts';

const VERSIONED = xmlStep('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');

/** What is asked before a command that reads backups can begin. */
async function askedBy(script: AnswerScript): Promise<Readonly<Record<string, number>>> {
  await using s3 = await startScriptedS3(script);
  const log = new RecordedLog();
  const upload = { parallel: 1, minChunkSize: 1, clock: jumpingClock(), log };
  const store = new BackupStore({ bucket: s3.bucket, prefix: '', upload, log });
  s3.put('v1/Backup-1/Full-00000000-00000058-1795251532', 'one');
  s3.put('v2/Full-00000000-00000060-1795251532.gz', 'other');
  const { snapshots } = await store.list(recordedContext());
  assert.deepEqual(
    snapshots.map(({ name }) => name),
    ['Full-00000000-00000058-1795251532', 'Full-00000000-00000060-1795251532.gz'],
  );
  return Object.fromEntries([...s3.server.calls].toSorted());
}

it('both layouts are listed at once, and what the bucket is is asked once', async () => {
  assert.deepEqual(await askedBy({}), { ListObjectsV2: 2, versioning: 1 });
  assert.deepEqual(await askedBy({ versioning: VERSIONED }), { 'object-lock': 1, versioning: 1, versions: 2 });
});
