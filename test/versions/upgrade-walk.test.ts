import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { type EtcdLine, type EtcdRelease, etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { restore } from '../../src/operations/restore/restore.ts';
import { readStatus } from '../../src/operations/status/status.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { recordedContext } from '../support/context/run-context.ts';
import { servedHash, servedKeys } from '../support/datadir/served-keys.ts';
import { RandomWrites } from '../support/etcd/random-writes.ts';
import { startSnapshotter } from '../support/etcd/running-snapshotter.ts';
import { restoreRequest, soleMember } from '../support/fixtures/restore-request.ts';
import { MemoryStore } from '../support/stores/memory-store.ts';

const lines = ['3.4', '3.5', '3.6', '3.7'] as const satisfies readonly EtcdLine[];

/** A full and deltas of a living etcd, with its last state in a snapshot of its own program. */
async function backedUp(release: EtcdRelease, saved: string): Promise<SnapStore> {
  const store = new MemoryStore();
  await using etcd = await startEtcd({ release });
  const writes = new RandomWrites(new EtcdGateway(etcd.clientUrl), 7);
  await writes.grantLeases(3);
  await writes.write(60);
  await settled(etcd);
  await using snapshotter = await startSnapshotter([etcd.clientUrl], store, {});
  await snapshotter.covers(await writes.write(60));
  await snapshotter.stop();
  await etcd.etcdctl('snapshot', 'save', saved);
  return store;
}

/** Waits until the member has written the version of its cluster, which upgrades and downgrades go by. */
async function settled(etcd: EtcdServer): Promise<void> {
  const wanted = `"etcdcluster":"${etcd.release.line}.`;
  let seen = '';
  await eventually(
    async () => {
      seen = await (await fetch(`${etcd.clientUrl}/version`)).text();
      return seen.includes(wanted) ? true : undefined;
    },
    { describe: () => `etcd ${etcd.release.version} says ${seen}` },
  );
}

/** Restores a backup for a member at a port of its own. */
async function restored(
  store: SnapStore,
  dir: TempDir,
): Promise<{ readonly dataDir: string; readonly peerPort: number }> {
  const peerPort = await freePort();
  const member = soleMember(`http://127.0.0.1:${peerPort}`);
  const request = restoreRequest(dir, { store, member });
  await restore(request, recordedContext());
  return { dataDir: request.dataDir, peerPort };
}

/** What etcdutl says of a migration; the directory is changed when it succeeds. */
async function migrated(release: EtcdRelease, dataDir: string, to: EtcdLine): Promise<string> {
  assert.ok(release.etcdutl !== undefined);
  return await run(release.etcdutl, ['migrate', '--data-dir', dataDir, '--target-version', to]).then(
    () => 'done',
    (error: unknown) => {
      const said = String(error).split('\n').slice(1).join(' ');
      return `refused: ${/Error: (.*)/.exec(said)?.[1] ?? said.replaceAll(/"(ts|caller)":"[^"]*"/g, '').replaceAll(dataDir, 'DIR')}`;
    },
  );
}

/** What an etcd of a line does with a directory. */
async function startedOn(
  dataDir: string,
  { to, peerPort }: { readonly to: EtcdLine; readonly peerPort: number },
): Promise<string> {
  try {
    await using etcd = await startEtcd({ release: await etcdRelease(to), dataDir, peerPort });
    await etcd.etcdctl('put', 'after', 'migration');
    return 'writes';
  } catch (error) {
    return `ends: ${/panic: ([^[\n]*)/.exec(String(error))?.[1] ?? String(error)}`;
  }
}

/** How many changes a member makes between two snapshots of its own: it has to leave old kinds of log entries behind, as in use. */
const fewChanges = ['--snapshot-count=10'];

for (const [at, from] of lines.entries()) {
  describe(`a directory restored from a backup of etcd ${from}`, () => {
    test(`is upgraded line by line: ${lines.slice(at).join(', ')}`, async () => {
      using dir = makeTempDir();
      const { dataDir, peerPort } = await restored(await backedUp(await etcdRelease(from), dir.join('saved.db')), dir);
      let keys: Awaited<ReturnType<typeof servedKeys>> | undefined;
      for (const line of lines.slice(at)) {
        const release = await etcdRelease(line);
        await using etcd = await startEtcd({ release, dataDir, peerPort, extraArgs: fewChanges });
        const now = await servedKeys(etcd);
        assert.deepEqual(now, keys ?? now, `etcd ${line} serves what the line before has served`);
        await settled(etcd);
        await etcd.etcdctl('put', `written-by-${line}`, line);
        const gateway = new EtcdGateway(etcd.clientUrl);
        for (let number = 0; number < 40; number++) {
          await gateway.write([{ put: 'steady', value: `${line} ${number}` }]);
        }
        keys = await servedKeys(etcd);
        assert.ok(keys.some(({ key }) => Buffer.from(key, 'base64').toString() === `written-by-${line}`));
        await (line === '3.5' ? etcd.kill9() : etcd.stop());
      }
      const status = await readStatus({ path: dataDir, tempDir: dir.join('temp') }, recordedContext());
      assert.deepEqual(status.source.kind, 'data directory');
    });

    test('is migrated by etcdutl as one that etcdutl has restored', async (t) => {
      using dir = makeTempDir();
      const release = await etcdRelease(from);
      const { dataDir, peerPort } = await restored(await backedUp(release, dir.join('saved.db')), dir);
      for (const [number, tool] of lines.slice(Math.max(at, lines.indexOf('3.6'))).entries()) {
        const { etcdutl } = await etcdRelease(tool);
        assert.ok(etcdutl !== undefined);
        const peerUrl = `http://127.0.0.1:${peerPort}`;
        const theirs = dir.join(`theirs-${number}`);
        await run(etcdutl, [
          ...['snapshot', 'restore', dir.join('saved.db'), '--data-dir', theirs],
          ...['--initial-cluster', `default=${peerUrl}`, '--initial-advertise-peer-urls', peerUrl],
        ]);
        for (const to of lines.slice(1)) {
          const [ours, other] = [dir.join(`ours-${number}-${to}`), dir.join(`theirs-${number}-${to}`)];
          cpSync(dataDir, ours, { recursive: true });
          cpSync(theirs, other, { recursive: true });
          const outcome = await migrated(await etcdRelease(tool), ours, to);
          assert.equal(outcome, await migrated(await etcdRelease(tool), other, to), `etcdutl ${tool} to ${to}`);
          t.diagnostic(`etcdutl ${tool}, ${from} to ${to}: ${outcome}`);
          if (outcome === 'done') {
            const started = await startedOn(ours, { to, peerPort });
            assert.equal(started, await startedOn(other, { to, peerPort }), `etcd ${to} after etcdutl ${tool}`);
            t.diagnostic(`etcd ${to} then ${started}`);
          }
        }
      }
    });
  });
}

for (const [from, to] of [
  ['3.6', '3.5'],
  ['3.7', '3.6'],
] as const) {
  test(`a directory restored from a backup of etcd ${from} is downgraded to ${to} as etcd does it, and its backup restores`, async () => {
    using dir = makeTempDir();
    const { dataDir, peerPort } = await restored(await backedUp(await etcdRelease(from), dir.join('saved.db')), dir);
    let keys: Awaited<ReturnType<typeof servedKeys>>;
    {
      await using etcd = await startEtcd({ release: await etcdRelease(from), dataDir, peerPort });
      await settled(etcd);
      await etcd.etcdctl('put', 'before', 'downgrade');
      await etcd.etcdctl('downgrade', 'enable', to);
      await eventually(async () => {
        const seen = await (await fetch(`${etcd.clientUrl}/version`)).text();
        return seen.includes(`"etcdcluster":"${to}.`) ? true : undefined;
      });
      await eventually(async () => ((await storageVersion(etcd)).startsWith(`${to}.`) ? true : undefined));
      keys = await servedKeys(etcd);
      await etcd.stop();
    }
    await using older = await startEtcd({ release: await etcdRelease(to), dataDir, peerPort });
    assert.deepEqual(await servedKeys(older), keys);
    const store = new MemoryStore();
    {
      await using snapshotter = await startSnapshotter([older.clientUrl], store, {});
      await snapshotter.covers(await new EtcdGateway(older.clientUrl).write([{ put: 'after', value: 'downgrade' }]));
      await snapshotter.stop();
    }
    using second = makeTempDir();
    const again = await restored(store, second);
    const release = await etcdRelease(to);
    await using last = await startEtcd({ release, dataDir: again.dataDir, peerPort: again.peerPort });
    assert.deepEqual(await servedKeys(last), await servedKeys(older));
    const { revision } = await new EtcdGateway(older.clientUrl).state();
    assert.equal(await servedHash(last, revision), await servedHash(older, revision));
  });
}

/** The version of the schema of the database, as the member tells it: from etcd 3.6 on. */
async function storageVersion(etcd: EtcdServer): Promise<string> {
  const text = await etcd.etcdctl('endpoint', 'status', '--write-out=json');
  return /"storageVersion":"([^"]*)"/.exec(text)?.[1] ?? '';
}
