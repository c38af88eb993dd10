import assert from 'node:assert/strict';
import { it } from 'node:test';
import { etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import type { EtcdServer } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { openConnection } from '../../../src/etcd/connect.ts';
import { createPrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import { SidecarLife } from '../../../src/server/sidecar-life.ts';
import { newestChain } from '../../../src/snapshot/chain.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { connectionTo } from '../../support/etcd/connected.ts';
import { startEtcdMembers } from '../../support/etcd/etcd-members.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';
import { requestDefaults } from '../../support/snapshotter/request-defaults.ts';

/** A sidecar beside a real member; disposing stops it. */
interface RealSidecar extends AsyncDisposable {
  readonly life: SidecarLife;
  readonly log: RecordedLog;
}

function storeIn(dir: TempDir, log: RecordedLog): Promise<SnapStore> {
  const upload = { maxParallelChunkUploads: 2, minChunkSize: 5 * 1024 * 1024, endpointOverride: undefined };
  const place = { provider: 'Local', container: dir.join('backup'), prefix: '', role: 'primary', ...upload } as const;
  return openStore(place, { log, clock: systemClock, environment: {} });
}

function startSidecar(member: EtcdServer, all: readonly string[], dir: TempDir): RealSidecar {
  const log = new RecordedLog();
  const controller = new AbortController();
  const context = { signal: controller.signal, clock: systemClock, log, progress: silentProgress };
  // As etcd-druid has it: our own member by its address, all of them by a service.
  const connection = connectionTo([member.clientUrl], { serviceEndpoints: all });
  const life = new SidecarLife(
    {
      election: { periodMs: 1_100, timeoutMs: 1_100 },
      openConnection: () => openConnection(connection, context),
      openConnectionTo: (endpoints) => openConnection(connectionTo(endpoints), context),
      snapshots: {
        location: 'the shared store',
        openStore: () => storeIn(dir, log),
        request: { ...requestDefaults, deltaPeriodMs: 500, tempDir: dir.join(member.name) },
        backoff: { firstMs: 500, multiplier: 2, longestMs: 2_000 },
      },
      initialization: {
        request: { ...restoreRequest(dir), namespace: undefined },
        configuredMembers: async () => all.length,
      },
      defragmentation: new Schedule('@every 3'),
      leaderTasks: [],
      membership: undefined,
      memberLease: undefined,
      etcdConfig: () => Promise.reject(new Error('not asked for')),
      status: new BackupStatus(() => systemClock.now()),
      metrics: createPrometheusMetrics({ now: () => systemClock.now() }),
    },
    context,
  );
  const ended = life.run();
  return {
    life,
    log,
    [Symbol.asyncDispose]: async () => {
      controller.abort(new Error('the test is over'));
      await ended;
    },
  };
}

it('three sidecars hand the lead over with their members, and the store holds one chain of all that was written', async () => {
  using dir = makeTempDir();
  await using cluster = await startEtcdMembers(await etcdRelease('3.5'), { count: 3 });
  await using stack = new AsyncDisposableStack();
  const sidecars = new Map(
    cluster.members.map((member) => [member, stack.use(startSidecar(member, cluster.endpoints, dir))]),
  );
  await using store = await storeIn(dir, new RecordedLog());
  const { signal } = new AbortController();
  const logs = (): string => [...sidecars].map(([{ name }, { log }]) => `${name}:\n${log.texts.join('\n')}`).join('\n');
  const covered = async (): Promise<number> => {
    const plan = newestChain((await store.list({ signal })).snapshots);
    assert.notEqual(plan.outcome, 'gap', logs());
    return plan.outcome === 'chain' ? plan.lastRevision : 0;
  };
  /** One sidecar alone leads, that of the member that does, and all that is written gets into the store. */
  const backsUp = async (): Promise<void> => {
    const leader = await cluster.leader();
    const answer = JSON.parse(await leader.etcdctl('put', 'key', 'value', '--write-out=json'));
    const revision = Number(answer.header.revision);
    await eventually(async () => ((await covered()) >= revision ? true : undefined), { describe: logs });
    await eventually(
      () => {
        const leading = [...sidecars].filter(([, { life }]) => life.healthy && life.snapshots.kind === 'leads');
        return leading.length === 1 && leading[0]?.[0] === leader ? true : undefined;
      },
      { describe: logs },
    );
  };
  await backsUp();
  const fulls = async (): Promise<number> =>
    (await store.list({ signal })).snapshots.filter(({ kind }) => kind === 'Full').length;
  assert.equal(await fulls(), 1);
  const first = await cluster.leader();
  await cluster.moveLeader();
  await backsUp();
  // The successor goes on from what the store holds.
  assert.equal(await fulls(), 1, logs());
  assert.equal(sidecars.get(first)?.life.snapshots.kind, 'forwards');
  const leader = await cluster.leader();
  assert.equal(await sidecars.get(first)?.life.leaderClientUrl({ signal }), leader.clientUrl);
  // Every member, although the sidecar of the leader is given its own alone.
  const defragmented = (): readonly string[] =>
    (sidecars.get(leader)?.log.texts ?? []).flatMap(
      (text) => /^Finished defragmenting etcd member: (.*)$/.exec(text)?.[1] ?? [],
    );
  await eventually(() => (defragmented().length >= 3 ? true : undefined), { describe: logs });
  assert.deepEqual(defragmented().slice(0, 3).toSorted(), cluster.endpoints.toSorted());
  assert.equal(defragmented()[2], leader.clientUrl);
  const second = await cluster.leader();
  await second.kill9();
  await backsUp();
  assert.equal(sidecars.get(second)?.life.healthy, false);
  assert.equal(await fulls(), 1, logs());
  await second.restart();
  await backsUp();
});
