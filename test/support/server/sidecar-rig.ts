import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { ClusterMember } from '../../../src/etcd/members.ts';
import { createPrometheusMetrics } from '../../../src/metrics/prometheus-metrics.ts';
import type { SnapshotterListener } from '../../../src/operations/snapshot/events.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import type { SidecarConnection } from '../../../src/server/sidecar-connection.ts';
import { SidecarLife } from '../../../src/server/sidecar-life.ts';
import type { SidecarParts } from '../../../src/server/sidecar-parts.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { FakeClock } from '../clock/fake-clock.ts';
import { RecordedLog } from '../context/recorded-log.ts';
import { goldenRevision, ScriptedCluster } from '../etcd/scripted-cluster.ts';
import { restoreRequest } from '../fixtures/restore-request.ts';
import { requestDefaults } from '../snapshotter/request-defaults.ts';
import { MemoryStore } from '../stores/memory-store.ts';
import { ScriptedMember } from './scripted-member.ts';

/** How often a sidecar of a rig looks at its member, and how long that may take, ms. */
export const election = { periodMs: 5_000, timeoutMs: 5_000 };

/** The whole life of a sidecar over a scripted member and cluster, a store in memory and a clock that a test moves. */
export interface SidecarRig extends AsyncDisposable {
  readonly life: SidecarLife;
  readonly member: ScriptedMember;
  readonly cluster: ScriptedCluster;
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly log: RecordedLog;
  readonly ended: Promise<void>;
  /** Asks it to stop. */
  abort(): void;
  /** Lets the clock run until the next look, with what it has found. */
  nextLook(): Promise<void>;
  /** Resolves when `probe` is true. */
  until(probe: () => boolean, what: string): Promise<void>;
  /** Resolves when `count` objects are visible. */
  saved(count: number): Promise<readonly string[]>;
}

/** What a test changes before the life begins. */
export interface SidecarSetup {
  /** Hear what snapshotters do. */
  readonly listeners?: readonly SnapshotterListener[];
  readonly parts?: Partial<SidecarParts>;
  readonly store?: MemoryStore;
  /** In place of the store. */
  openStore?(): Promise<SnapStore>;
  readonly list?: () => Promise<readonly ClusterMember[]>;
  prepare?(cluster: ScriptedCluster, store: MemoryStore, member: ScriptedMember): void;
}

/** Starts a life: at 08:00:00, with a full at every hour and a delta every 20 s where `setup` does not say otherwise. */
export function startSidecar(setup: SidecarSetup = {}): SidecarRig {
  const member = new ScriptedMember();
  const cluster = new ScriptedCluster();
  const store = setup.store ?? new MemoryStore();
  setup.prepare?.(cluster, store, member);
  const clock = new FakeClock();
  const log = new RecordedLog();
  const tempDir = makeTempDir();
  const controller = new AbortController();
  const connection: SidecarConnection = {
    cluster,
    members: { ownStatus: (call) => member.ownStatus(call), list: setup.list ?? (async () => []) },
    checkEndpoints: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const parts: SidecarParts = {
    election,
    openConnection: async () => connection,
    openConnectionTo: async () => connection,
    defragmentation: undefined,
    leaderTasks: [],
    snapshots: {
      location: store.location,
      openStore: setup.openStore ?? (async () => store),
      request: { ...requestDefaults, tempDir: tempDir.path, listeners: setup.listeners ?? [] },
      backoff: { firstMs: 2_000, multiplier: 2, longestMs: 128_000, growingWaits: 7 },
    },
    initialization: {
      request: { ...restoreRequest(tempDir), namespace: undefined },
      configuredMembers: async () => 1,
    },
    membership: undefined,
    memberLease: undefined,
    etcdConfig: () =>
      Promise.reject(new Failure({ code: 'unexpected', action: 'give', object: '/config', found: 'not in this test' })),
    status: new BackupStatus(() => clock.now()),
    metrics: createPrometheusMetrics({ now: () => clock.now() }),
    ...setup.parts,
  };
  const life = new SidecarLife(parts, { signal: controller.signal, clock, log, progress: silentProgress });
  const ended = life.run();
  ended.catch(() => undefined);
  const abort = (): void => controller.abort(new Error('stopped by the test'));
  const until = async (probe: () => boolean, what: string): Promise<void> => {
    await eventually(() => (probe() ? true : undefined), {
      intervalMs: 2,
      timeoutMs: 10_000,
      describe: () => `${what} did not happen; saved ${store.saved.join(', ')}\n${log.texts.join('\n')}`,
    });
  };
  return {
    life,
    member,
    cluster,
    store,
    clock,
    log,
    ended,
    abort,
    nextLook: () => clock.advance(election.periodMs),
    until,
    saved: async (count) => {
      await until(() => store.saved.length >= count, `${count} objects`);
      return store.saved;
    },
    [Symbol.asyncDispose]: async () => {
      abort();
      store.release();
      await ended.catch(() => undefined);
      tempDir[Symbol.dispose]();
    },
  };
}

/** A life whose member leads, whose first full is in the store and whose snapshotter is active. */
export async function leadingSidecar(setup: SidecarSetup = {}): Promise<SidecarRig> {
  const rig = startSidecar({
    ...setup,
    prepare: (cluster, store, member) => {
      member.is = 'leader';
      setup.prepare?.(cluster, store, member);
    },
  });
  await rig.saved(1);
  await rig.cluster.watchingFrom(goldenRevision + 1);
  return rig;
}
