import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type EtcdRelease, etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { run } from '../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { inspectDatabase } from '../../../src/datadir/mvcc/inspect-database.ts';
import type { RestoreRequest } from '../../../src/operations/restore/restore.ts';
import type { ExpectedKey } from '../../support/datadir/golden.ts';
import { servedKeys } from '../../support/datadir/served-keys.ts';
import { restoreRequest, soleMember } from '../../support/fixtures/restore-request.ts';
import { AFTER, type ExpectedHistory } from './expected-history.ts';

/** One of the ways in which the program writes a data directory. */
export interface DataDirWay {
  readonly name: string;
  /** Writes the directory that `request` names, below `dir`, and gives what an etcd must then serve. */
  write(request: RestoreRequest, dir: TempDir): Promise<ExpectedHistory>;
}

/** What every data directory of ours must pass, on each release line of etcd that the tests run. */
export function dataDirSuite(way: DataDirWay): void {
  describe(`a data directory written by ${way.name}`, { concurrency: 2 }, () => {
    for (const line of etcdLines) {
      it(`is one that etcd ${line} serves, writes to, restarts on and empties`, async () => {
        using dir = makeTempDir();
        const release = await etcdRelease(line);
        const peerPort = await freePort();
        const request = requestFor(dir, `http://127.0.0.1:${peerPort}`);
        const expected = await way.write(request, dir);
        checkModes(request.dataDir);
        await checkStatus(`${request.dataDir}/member/snap/db`, expected, release);
        await using etcd = await startEtcd({ release, dataDir: request.dataDir, peerPort });
        await checkServed(etcd, expected);
        await checkWrites(etcd, expected);
        await etcd.restart();
        await checkAfterWrite(etcd, expected);
        await checkEmptied(etcd, expected);
      });
    }
  });
}

function requestFor(dir: TempDir, peerUrl: string): RestoreRequest {
  return restoreRequest(dir, { member: soleMember(peerUrl) });
}

/** Nobody but the owner may read secrets that a cluster keeps. */
function checkModes(dataDir: string): void {
  const entries = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).map((name) => `${dataDir}/${name}`);
  assert.ok(entries.length >= 5, 'member, snap, wal, and a file in both');
  for (const path of [dataDir, ...entries]) {
    const stats = statSync(path);
    assert.equal((stats.mode & 0o777).toString(8), stats.isDirectory() ? '700' : '600', path);
  }
}

/** etcd's own tool reads the db; it runs bbolt's check before it prints anything. */
async function checkStatus(db: string, expected: ExpectedHistory, release: EtcdRelease): Promise<void> {
  const { hash, totalKeys } = await inspectDatabase(db, { signal: AbortSignal.timeout(60_000) });
  const tool = release.etcdutl ?? release.etcdctl;
  const { stdout } = await run(tool, ['snapshot', 'status', db, '--write-out=json'], { env: { ETCDCTL_API: '3' } });
  const status = JSON.parse(stdout) as Record<string, number>;
  assert.equal(status['hash'], hash);
  assert.equal(status['revision'], expected.revision);
  // Since 3.6 the keys that exist are counted, not the records.
  if (release.line === '3.4' || release.line === '3.5') {
    assert.equal(status['totalKey'], totalKeys);
  }
}

/** Keys with their revisions, versions and leases; leases with their keys. */
async function checkServed(etcd: EtcdServer, expected: ExpectedHistory): Promise<void> {
  assert.deepEqual(await servedKeys(etcd), expected.keys);
  const listed = (await etcd.etcdctl('lease', 'list')).split('\n').filter((text) => /^[0-9a-f]+$/.test(text));
  assert.deepEqual(listed.sort(), expected.leases.map((id) => id.toString(16)).sort());
  for (const id of expected.leases) {
    const text = await etcd.etcdctl('lease', 'timetolive', id.toString(16), '--keys', '--write-out=json');
    const { ttl, keys } = JSON.parse(text) as { readonly ttl: number; readonly keys: readonly string[] | null };
    assert.ok(ttl > 0, `lease ${id} has ${ttl} s left`);
    const owned = expected.keys.filter(({ lease }) => BigInt(lease) === id).map(({ key }) => key);
    assert.deepEqual([...(keys ?? [])].sort(), owned.sort());
  }
}

/** The next write has the next revision, and history before a compaction is gone. */
async function checkWrites(etcd: EtcdServer, expected: ExpectedHistory): Promise<void> {
  const put = await etcd.etcdctl('put', AFTER.key, AFTER.value, '--write-out=json');
  assert.match(put, new RegExp(`"revision":${expected.revision + 1}\\b`));
  if (expected.compactedTo > 0) {
    await assert.rejects(etcd.etcdctl('get', AFTER.key, `--rev=${expected.compactedTo - 1}`), /compacted/);
  }
  await checkAfterWrite(etcd, expected);
}

async function checkAfterWrite(etcd: EtcdServer, expected: ExpectedHistory): Promise<void> {
  const served = await servedKeys(etcd);
  const before = served.filter((key) => !isAfter(key));
  assert.deepEqual(before, expected.keys);
  assert.equal(served.length, before.length + 1);
  await expected.checkHash(etcd);
}

function isAfter({ key }: ExpectedKey): boolean {
  return Buffer.from(key, 'base64').toString() === AFTER.key;
}

/** Deletes, a compaction and a defragmentation reach every page that was written. */
async function checkEmptied(etcd: EtcdServer, expected: ExpectedHistory): Promise<void> {
  await etcd.etcdctl('del', '', '--prefix');
  await etcd.etcdctl('compact', '--physical', String(expected.revision + 2));
  await etcd.etcdctl('defrag');
  await etcd.restart();
  assert.deepEqual(await servedKeys(etcd), []);
}
