import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type InitializeResult, initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { readStatus } from '../../../../src/operations/status/status.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const SEGMENT = '0000000000000000-0000000000000000.wal';
const BACKUP = goldenObjects('etcd-3.5/gzip');
const MEMBER = [
  '--initial-advertise-peer-urls=http://127.0.0.1:2380',
  '--initial-cluster=default=http://127.0.0.1:2380',
];

function run(dir: TempDir, store: SnapStore = memorySnapStore(BACKUP)): Promise<InitializeResult> {
  return initialize(
    { ...restoreRequest(dir, { store }), walDir: dir.join('wal'), mode: 'full', namespace: undefined },
    recordedContext(),
  );
}

describe('a log in a directory of its own', () => {
  for (const line of etcdLines) {
    it(`is restored, checked, replaced and read with the data directory of an etcd ${line}`, async () => {
      using dir = makeTempDir();
      const request = restoreRequest(dir, { walDir: dir.join('wal') });
      await restore(request, recordedContext());
      assert.deepEqual(readdirSync(dir.join('data/member')), ['snap']);
      assert.deepEqual(readdirSync(dir.join('wal')), [SEGMENT]);
      await assert.rejects(
        restore({ ...request, dataDir: dir.join('other') }, recordedContext()),
        /wal: it already contains a log; move it away or choose another --wal-dir/,
      );
      const release = await etcdRelease(line);
      const start = { release, dataDir: dir.join('data'), extraArgs: [...MEMBER, `--wal-dir=${dir.join('wal')}`] };
      {
        await using etcd = await startEtcd(start);
        for (let count = 0; count < 5; count++) {
          await etcd.etcdctl('put', 'a', `${count}`);
        }
        await etcd.kill9();
      }
      assert.equal((await run(dir)).action, 'kept');
      const status = await readStatus(
        { path: dir.join('data'), walDir: dir.join('wal'), tempDir: dir.path },
        recordedContext(),
      );
      assert.deepEqual(status.source, { kind: 'data directory', withLog: 127 });
      await assert.rejects(
        readStatus({ path: dir.join('data'), tempDir: dir.path }, recordedContext()),
        /give it here, too/,
      );
      const without = { ...restoreRequest(dir), mode: 'full', namespace: undefined } as const;
      await assert.rejects(initialize(without, recordedContext()), { code: 'wal_missing' });

      // A staged log that belongs to no member any more is dropped.
      await cp(dir.join('wal', SEGMENT), dir.join('wal', `${SEGMENT}.next-0123456789abcdef`));
      assert.equal((await run(dir)).action, 'kept');
      assert.deepEqual(readdirSync(dir.join('wal')), ['0.tmp', SEGMENT]);

      await truncate(dir.join('data/member/snap/db'), 5_000);
      const result = await run(dir);
      assert.deepEqual([result.found.state, result.action, result.restored?.revision], ['db_corrupt', 'restored', 122]);
      const [, segment, aside] = readdirSync(dir.join('wal')).toSorted();
      assert.equal(segment, SEGMENT);
      assert.deepEqual(readdirSync(dir.join('wal', aside ?? '')), [SEGMENT]);
      {
        await using etcd = await startEtcd(start);
        await etcd.etcdctl('put', 'a', 'after');
        assert.match(await etcd.etcdctl('get', 'a', '--write-out=json'), /"mod_revision":123,"version":1,/);
      }

      await rm(dir.join('data'), { recursive: true });
      assert.equal((await run(dir)).action, 'restored');
      await using etcd = await startEtcd(start);
      assert.match(await etcd.etcdctl('endpoint', 'status', '--write-out=json'), /"revision":122[,}]/);
    });
  }

  it('is not there: a sound db is refused, nothing is restored', async () => {
    using dir = makeTempDir();
    await restore(restoreRequest(dir, { walDir: dir.join('wal') }), recordedContext());
    await rename(dir.join('wal'), dir.join('away'));
    await assert.rejects(run(dir), { code: 'wal_missing', message: /wal holds no log, while its db is sound/ });
    await mkdir(dir.join('wal/lost+found'), { recursive: true });
    await assert.rejects(run(dir), { code: 'wal_missing' });
    await rm(dir.join('data'), { recursive: true });
    await cp(dir.join('away'), dir.join('wal'), { recursive: true });
    await assert.rejects(run(dir, memorySnapStore([])), { code: 'data_dir_invalid', message: /holds a log/ });
  });

  it('is moved aside with the member when there is no backup', async () => {
    using dir = makeTempDir();
    await restore(restoreRequest(dir, { walDir: dir.join('wal') }), recordedContext());
    await truncate(dir.join('data/member/snap/db'), 5_000);
    assert.equal((await run(dir, memorySnapStore([]))).action, 'moved_aside');
    const [aside = ''] = readdirSync(dir.join('wal'));
    assert.match(aside, /^invalid-/);
    assert.deepEqual(readdirSync(dir.join('wal', aside)), [SEGMENT]);
  });

  /** What an interrupted replacement has done, step by step. */
  const STEPS: readonly ((dir: TempDir) => Promise<void>)[] = [
    (dir) => rename(dir.join('wal-of-new'), dir.join('wal', NEXT)),
    (dir) => rename(dir.join('data/member'), dir.join('data/member.old-1795251600')),
    async (dir) => {
      await mkdir(dir.join('wal/invalid-20261121T090000Z'));
      await rename(dir.join('wal', SEGMENT), dir.join('wal/invalid-20261121T090000Z', SEGMENT));
    },
    (dir) => rename(dir.join('data', STAGING, 'member'), dir.join('data/member')),
    (dir) => rename(dir.join('wal', NEXT), dir.join('wal', SEGMENT)),
  ];
  const NEXT = `${SEGMENT}.next-0123456789abcdef`;
  const STAGING = '.etcdbrctl-4194304-0123456789abcdef';

  for (const done of STEPS.keys()) {
    it(`never meets the db of another member: a replacement interrupted after step ${done + 1} is finished`, async () => {
      using dir = makeTempDir();
      const full = memorySnapStore(BACKUP.filter(({ key }) => key.includes('Full-')));
      await restore(restoreRequest(dir, { store: full, walDir: dir.join('wal') }), recordedContext());
      await restore(restoreRequest(dir, { dataDir: dir.join('new') }), recordedContext());
      await mkdir(dir.join('data', STAGING), { mode: 0o700 });
      await rename(dir.join('new/member/wal', SEGMENT), dir.join('wal-of-new'));
      await rm(dir.join('new/member/wal'), { recursive: true });
      await rename(dir.join('new/member'), dir.join('data', STAGING, 'member'));
      await writeFile(dir.join('data', STAGING, 'member/waits-for-log'), '0123456789abcdef');
      // The logs of both begin alike; a byte that etcd never reads tells them apart.
      await truncate(dir.join('wal-of-new'), 32_000_000);
      for (const step of STEPS.slice(0, done + 1)) {
        await step(dir);
      }
      const result = await run(dir);
      assert.deepEqual([result.found, result.action], [{ state: 'valid', revision: 122 }, 'kept']);
      assert.equal(readFileSync(dir.join('wal', SEGMENT)).length, 32_000_000);
      const aside = readdirSync(dir.join('wal')).filter((name) => name !== SEGMENT);
      assert.equal(aside.length, 1, aside.join(', '));
      assert.deepEqual(readdirSync(dir.join('wal', aside[0] ?? '')), [SEGMENT]);
      const [member, kept = '', ...more] = readdirSync(dir.join('data')).toSorted();
      assert.deepEqual([member, more], ['member', []]);
      assert.match(kept, /^member\.invalid-/);
    });
  }
});
