import assert from 'node:assert/strict';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { listSegments } from '../../../../src/datadir/wal/directory.ts';
import { readWalOwner } from '../../../../src/datadir/wal/wal-owner.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const { signal } = new AbortController();

test('a log says which member of which cluster it belongs to, also when its end is damaged', async () => {
  using dir = makeTempDir();
  const { memberId, clusterId } = await restore(restoreRequest(dir), recordedContext());
  const wal = dir.join('data/member/wal');
  assert.deepEqual(await readWalOwner(wal, { signal }), { nodeId: memberId, clusterId });
  const [segment] = await listSegments(wal);
  assert.ok(segment !== undefined);
  await truncate(segment.file, 200);
  assert.deepEqual(await readWalOwner(wal, { signal }), { nodeId: memberId, clusterId });
  await writeFile(`${wal}/0000000000000001-0000000000000005.wal`, 'no segment at all');
  assert.deepEqual(await readWalOwner(wal, { signal }), { nodeId: memberId, clusterId });
  await writeFile(segment.file, 'nor this');
  assert.equal(await readWalOwner(wal, { signal }), undefined);
});

test('an empty directory of a log says nothing', async () => {
  using dir = makeTempDir();
  await mkdir(dir.join('wal'));
  assert.equal(await readWalOwner(dir.join('wal'), { signal }), undefined);
});
