// Takes long: clusters lose members and get them back.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../../../src/datadir/membership/peer-url.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { warnOfLivingPeers } from '../../../../src/operations/restore/living-peers.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { connectionTo } from '../../../support/etcd/connected.ts';
import { startEtcdMembers } from '../../../support/etcd/etcd-members.ts';
import { directoryContents } from '../../../support/fixtures/directory-contents.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

/** Nothing listens there. */
const DEAD = 'http://127.0.0.1:1';

for (const line of etcdLines) {
  test(`a member of a living cluster of etcd ${line} is not restored alone, and joins again as the message says`, async () => {
    const release = await etcdRelease(line);
    await using cluster = await startEtcdMembers(release, { count: 3 });
    const [a, b, c] = cluster.members;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    await patiently(() => a.etcdctl('put', 'one', 'more'));
    await c.kill9();
    using dir = makeTempDir();
    const member = {
      name: c.name,
      initialCluster: parseInitialCluster(cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')),
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: [parsePeerUrl(c.peerUrl)],
    };
    const request = {
      ...restoreRequest(dir, { dataDir: c.dataDir, member }),
      mode: 'full',
      namespace: undefined,
    } as const;
    const asks = (endpoints: readonly string[], serviceEndpoints: readonly string[] = []) =>
      initialize({ ...request, connection: connectionTo(endpoints, { serviceEndpoints }) }, realContext());

    const { memberId } = await memberIdOf(a, c.name);
    const refused = async (attempt: Promise<unknown>): Promise<string> => {
      const before = existsSync(c.dataDir) ? directoryContents(c.dataDir) : undefined;
      let message = '';
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.code, 'cluster_alive');
        message = error.message;
        return true;
      });
      assert.match(message, new RegExp(`member remove ${memberId}\`, then \`etcdctl --endpoints=\\S+ member add m2 `));
      assert.deepEqual(existsSync(c.dataDir) ? directoryContents(c.dataDir) : undefined, before);
      return message;
    };

    await truncate(`${c.dataDir}/member/snap/db`, 0);
    await refused(asks([a.clientUrl, b.clientUrl]));
    await refused(asks([DEAD], [b.clientUrl]));
    await refused(
      initialize({ ...request, store: memorySnapStore([]), connection: connectionTo([DEAD]) }, realContext()),
    );
    await rename(c.dataDir, `${c.dataDir}.away`);
    await refused(asks([a.clientUrl]));
    await rename(`${c.dataDir}.away`, c.dataDir);
    const context = recordedContext();
    await warnOfLivingPeers(member, context);
    assert.match(context.lines[0]?.text ?? '', /answers at the peer URL of m0 \(\S+\), m1 \(\S+\)\. Do not start m2/);
    // The addresses of clients are found by way of the peers.
    const message = await refused(asks([DEAD]));

    await patiently(() => a.etcdctl('member', 'remove', memberId));
    await assert.rejects(asks([DEAD]), /contradict what it has agreed to; run `etcdctl --endpoints=\S+ member add m2 /);
    const add = /member (add m2 --learner --peer-urls=\S+)`/.exec(message)?.[1] ?? '';
    await patiently(() => a.etcdctl('member', ...add.split(' ')));

    const awaited = await asks([DEAD]);
    assert.deepEqual([awaited.found.state, awaited.action], ['db_corrupt', 'moved_aside']);
    assert.equal((await asks([DEAD])).action, 'none');
    const port = Number(new URL(c.peerUrl).port);
    const initialCluster = cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
    await using again = await startEtcd({
      release,
      name: c.name,
      dataDir: c.dataDir,
      peerPort: port,
      initialCluster,
      readiness: 'listening',
      extraArgs: ['--initial-cluster-state=existing'],
    });
    const added = await memberIdOf(a, c.name);
    await patiently(() => a.etcdctl('member', 'promote', added.memberId), again);
    await patiently(async () => {
      assert.match(await again.etcdctl('get', 'one'), /more/);
    }, again);

    // One of three is left: it is no quorum, but what it has is the cluster, also when it was started again and waits.
    await again.stop();
    await b.stop();
    const db = `${c.dataDir}/member/snap/db`;
    const whole = await readFile(db);
    await rm(`${c.dataDir}/member/wal`, { recursive: true });
    await mkdir(`${c.dataDir}/member/wal`);
    await writeFile(`${c.dataDir}/member/wal/0000000000000000-0000000000000000.wal`, Buffer.alloc(64, 7));
    const alone = { ...restoreRequest(dir, { dataDir: c.dataDir }), mode: 'full', namespace: undefined } as const;
    const left = async (): Promise<void> => {
      const before = directoryContents(c.dataDir);
      await assert.rejects(asks([a.clientUrl]), {
        // etcd 3.4 does not tell that it has no quorum.
        code: /^cluster_(unreachable|alive)$/,
        message: /a member of its cluster answers|its cluster is alive/,
      });
      await assert.rejects(asks([DEAD]), { code: /^cluster_(unreachable|alive)$/ });
      await assert.rejects(initialize(alone, realContext()), {
        code: 'cluster_alive',
        message: /its db names 3 members, of which one answers .*, and --initial-cluster names none of the others/,
      });
      assert.deepEqual(directoryContents(c.dataDir), before);
    };
    await left();
    await a.stop();
    await using waiting = await startEtcd({
      release,
      name: a.name,
      dataDir: a.dataDir,
      peerPort: Number(new URL(a.peerUrl).port),
      initialCluster,
      readiness: 'listening',
    });
    await left();
    await rename(c.dataDir, `${c.dataDir}.away`);
    await assert.rejects(asks([DEAD]), { code: /^cluster_(unreachable|alive)$/ });
    await rename(`${c.dataDir}.away`, c.dataDir);
    await waiting.stop();

    // One that was restored as well, and waits for the others, is none of the old cluster.
    const sibling = { ...member, name: a.name, initialAdvertisePeerUrls: [parsePeerUrl(a.peerUrl)] };
    await restore(restoreRequest(dir, { dataDir: dir.join('sibling'), member: sibling }), realContext());
    await using restoredPeer = await startEtcd({
      release,
      name: a.name,
      dataDir: dir.join('sibling'),
      peerPort: Number(new URL(a.peerUrl).port),
      initialCluster,
      readiness: 'listening',
    });
    await rename(c.dataDir, `${c.dataDir}.away`);
    const beside = realContext();
    const connection = connectionTo([DEAD]);
    assert.equal((await initialize({ ...request, connection }, beside)).action, 'restored');
    assert.ok(beside.lines.some(({ text }) => /Something answers at the peer URL/.test(text)));
    await restoredPeer.stop();
    await rm(c.dataDir, { recursive: true });
    await rename(`${c.dataDir}.away`, c.dataDir);

    // Without anybody else, the backup is what is left.
    await writeFile(db, whole.subarray(0, 0));
    assert.equal((await asks([a.clientUrl, b.clientUrl])).action, 'restored');
    const silent = recordedContext();
    await warnOfLivingPeers(member, silent);
    assert.deepEqual(silent.lines, []);
  });
}

/** Deadlines of calls to etcd go by the real clock. */
function realContext(): RecordedContext {
  return { ...recordedContext(), clock: systemClock };
}

/** Tries until it works: a cluster on a busy machine may be without a leader for a while. */
async function patiently(attempt: () => Promise<unknown>, server?: EtcdServer): Promise<void> {
  let last: unknown;
  await eventually(
    () =>
      attempt().then(
        () => true,
        (error: unknown) => {
          last = error;
          return undefined;
        },
      ),
    { timeoutMs: 180_000, describe: () => `${last}\n${server?.log().slice(-2_000) ?? ''}` },
  );
}

async function memberIdOf(asked: EtcdServer, name: string): Promise<{ readonly memberId: string }> {
  const listed = await eventually(async () => {
    const text = await asked.etcdctl('member', 'list').catch(() => '');
    return text.includes(`, ${name}, `) ? text : undefined;
  });
  const [memberId = ''] =
    listed
      .split('\n')
      .find((row) => row.includes(`, ${name}, `))
      ?.split(',') ?? [];
  return { memberId };
}
