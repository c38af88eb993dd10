import assert from 'node:assert/strict';
import { cp, readdir, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { type EtcdLine, etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { RaftEntry } from '../../../../src/datadir/raft/raft.ts';
import { chooseSnapshot } from '../../../../src/datadir/snap/snap-directory.ts';
import { openEntries, summarizeLog } from '../../../../src/datadir/wal/log.ts';
import { repairWal } from '../../../../src/datadir/wal/repair.ts';
import { readWholeLog } from '../../../../src/datadir/wal/whole-log.ts';

const { signal } = new AbortController();

for (const line of etcdLines) {
  test(`the log of a killed etcd ${line} is read: snapshots, entries, ids`, async () => {
    using temp = makeTempDir();
    const { dataDir, memberId, clusterId } = await usedDataDir(line, temp.path);
    const directory = path.join(dataDir, 'member/wal');
    const { marks } = await readWholeLog({ directory, likelyAfter: 0, signal });
    assert.ok(marks.length > 2, `${marks.length} marks`);
    const newest = marks.at(-1);
    const { snapshot, passedOver } = await chooseSnapshot(path.join(dataDir, 'member/snap'), marks);
    assert.deepEqual(passedOver, []);
    assert.deepEqual([snapshot?.term, snapshot?.index], [newest?.term, newest?.index]);
    assert.deepEqual(snapshot?.confState, { voters: [memberId], learners: [] });
    assert.deepEqual(newest?.confState, line === '3.4' ? undefined : snapshot?.confState);

    const after = snapshot?.index ?? 0;
    const summary = await summarizeLog({ directory, after, signal });
    assert.deepEqual(summary.metadata, { nodeId: memberId, clusterId });
    assert.equal(summary.state.vote, memberId);
    const entries: RaftEntry[] = [];
    await (await openEntries({ directory, after: 0, upTo: summary.lastIndex, signal })).each((entry) =>
      entries.push(entry),
    );
    assert.deepEqual(
      entries.map((entry) => entry.index),
      Array.from({ length: summary.lastIndex }, (_, place) => place + 1),
    );
    assert.equal(entries[0]?.kind, 'confChange');
    // The values arrive in the order in which they were put.
    const text = entries.map((entry) => Buffer.from(entry.data).toString('latin1')).join('\n');
    const values = Array.from(text.matchAll(/value-(\d+)-/g), (match) => Number(match[1]));
    assert.deepEqual(
      values,
      Array.from({ length: WRITES }, (_, place) => place),
    );
  });

  test(`a log cut in the middle of a record is repaired as etcd ${line} does it`, async () => {
    using temp = makeTempDir();
    const { dataDir } = await usedDataDir(line, temp.path);
    const release = await etcdRelease(line);
    const lastSegment = async (dir: string): Promise<string> => {
      const names = (await readdir(path.join(dir, 'member/wal'))).filter((name) => name.endsWith('.wal'));
      return path.join(dir, 'member/wal', names.toSorted().at(-1) ?? '');
    };
    const last = await lastSegment(dataDir);
    const end = await endOfRecords(last);
    for (const cut of [end - 1, end - 9, end - 41]) {
      const [theirs, ours] = [temp.join(`theirs-${cut}`), temp.join(`ours-${cut}`)];
      await truncate(last, cut);
      await cp(dataDir, theirs, { recursive: true });
      await cp(dataDir, ours, { recursive: true });
      await using etcd = await startEtcd({ release, dataDir: theirs });
      assert.match(etcd.log(), /"msg":"repaired"/);
      await etcd.kill9();

      const directory = path.join(ours, 'member/wal');
      const { torn } = await summarizeLog({ directory, after: 0, signal });
      assert.ok(torn !== undefined, `cut to ${cut}`);
      await repairWal(torn);
      const [oursRepaired, theirsRepaired] = [await lastSegment(ours), await lastSegment(theirs)];
      assert.deepEqual(await readFile(`${oursRepaired}.broken`), await readFile(`${theirsRepaired}.broken`));
      // etcd has written more after the point where it cut.
      const kept = await readFile(oursRepaired);
      assert.equal(kept.length, torn.offset);
      assert.deepEqual((await readFile(theirsRepaired)).subarray(0, kept.length), kept);
    }
  });
}

const WRITES = 60;

interface UsedDataDir {
  readonly dataDir: string;
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** A data directory as a kill -9 leaves it, with several raft snapshots. */
async function usedDataDir(line: EtcdLine, parent: string): Promise<UsedDataDir> {
  const dataDir = path.join(parent, 'data');
  await using etcd = await startEtcd({
    release: await etcdRelease(line),
    dataDir,
    extraArgs: ['--snapshot-count', '10'],
  });
  for (let place = 0; place < WRITES; place++) {
    await etcd.etcdctl('put', `key-${place % 7}`, `value-${place}-${'x'.repeat(place * 7)}`);
  }
  const status = await etcd.etcdctl('endpoint', 'status', '--write-out=fields');
  await etcd.kill9();
  const field = (name: string): bigint => BigInt(new RegExp(`"${name}" : (\\d+)`).exec(status)?.[1] ?? '0');
  return { dataDir, memberId: field('MemberID'), clusterId: field('ClusterID') };
}

/** Offset of the first zero length. */
async function endOfRecords(file: string): Promise<number> {
  const bytes = await readFile(file);
  let end = 0;
  while (end < bytes.length && bytes.readBigUInt64LE(end) !== 0n) {
    end += 8 + bytes.readUInt32LE(end) + ((bytes[end + 7] ?? 0) & 7);
  }
  return end;
}
