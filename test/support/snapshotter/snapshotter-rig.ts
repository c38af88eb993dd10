import { readdirSync } from 'node:fs';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { Snapshotter, type SnapshotterRequest } from '../../../src/operations/snapshot/snapshotter.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { FakeClock } from '../clock/fake-clock.ts';
import { RecordedLog } from '../context/recorded-log.ts';
import { goldenRevision, ScriptedCluster } from '../etcd/scripted-cluster.ts';
import { MemoryStore } from '../stores/memory-store.ts';
import { requestDefaults } from './request-defaults.ts';

/** How often a delta is due where a test does not say otherwise, ms. */
export const periodMs = 20_000;
/** The first revision after those of the first full. */
export const firstDelta = goldenRevision + 1;
/** When the clock of a rig starts, seconds since the epoch. */
export const startSeconds = Date.parse('2026-11-21T08:00:00Z') / 1000;

/** A snapshotter at work on a scripted cluster, a store in memory and a clock that a test moves. Disposing stops it. */
export interface SnapshotterRig extends AsyncDisposable {
  readonly snapshotter: Snapshotter;
  readonly cluster: ScriptedCluster;
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly log: RecordedLog;
  readonly ended: Promise<void>;
  /** Aborts and waits for the end. */
  stop(): Promise<void>;
  abort(): void;
  tempFiles(): string[];
  /** Resolves when `count` objects have become visible. */
  saved(count: number): Promise<readonly string[]>;
  /** Resolves when a save of an object whose name begins so has begun. */
  begun(name: string): Promise<void>;
  /** Resolves when a line that matches was logged so many times. */
  logged(pattern: RegExp, times?: number): Promise<void>;
  /** Lets time pass in steps of `stepMs` until a line that matches was logged: work that goes on delays what comes after a pause. */
  loggedInTime(pattern: RegExp, stepMs: number): Promise<void>;
}

/** What a test sets up before the snapshotter starts. */
export interface RigSetup {
  readonly store?: MemoryStore;
  prepare?(cluster: ScriptedCluster, store: MemoryStore): void;
}

/** Starts a snapshotter: at 08:00:00, with a full at every hour and a delta every 20 s where `changes` do not say otherwise. */
export function startRig(changes: Partial<SnapshotterRequest> = {}, setup: RigSetup = {}): SnapshotterRig {
  const cluster = new ScriptedCluster();
  const store = setup.store ?? new MemoryStore();
  setup.prepare?.(cluster, store);
  const clock = new FakeClock();
  const log = new RecordedLog();
  const tempDir = makeTempDir();
  const controller = new AbortController();
  const request: SnapshotterRequest = { ...requestDefaults, cluster, store, tempDir: tempDir.path, ...changes };
  const snapshotter = new Snapshotter(request, { signal: controller.signal, clock, log, progress: silentProgress });
  const ended = snapshotter.run();
  ended.catch(() => {});
  const abort = (): void => controller.abort(new Error('stopped by the test'));
  return {
    snapshotter,
    cluster,
    store,
    clock,
    log,
    ended,
    stop: async () => {
      abort();
      await ended;
    },
    abort,
    tempFiles: () => readdirSync(tempDir.path),
    saved: (count) =>
      eventually(() => (store.saved.length >= count ? store.saved : undefined), {
        intervalMs: 2,
        describe: () => `saved only ${store.saved.join(', ')}\n${log.texts.join('\n')}`,
      }),
    begun: async (name) => {
      await eventually(() => (store.begun.at(-1)?.startsWith(name) ? true : undefined), {
        intervalMs: 2,
        describe: () => `no save of ${name} began, only of ${store.begun.join(', ')}\n${log.texts.join('\n')}`,
      });
    },
    logged: async (pattern, times = 1) => {
      await eventually(() => (log.count(pattern) >= times ? true : undefined), {
        intervalMs: 2,
        describe: () => `no ${times} times ${pattern} in\n${log.texts.join('\n')}`,
      });
    },
    loggedInTime: async (pattern, stepMs) => {
      await eventually(
        async () => {
          if (log.count(pattern) > 0) {
            return true;
          }
          await clock.advance(stepMs);
          return undefined;
        },
        { intervalMs: 2, describe: () => `never ${pattern} in\n${log.texts.join('\n')}` },
      );
    },
    [Symbol.asyncDispose]: async () => {
      abort();
      await ended.catch(() => {});
      tempDir[Symbol.dispose]();
    },
  };
}

/** A snapshotter whose first full is in the store and whose watch has begun. */
export async function watchingRig(
  changes: Partial<SnapshotterRequest> = {},
  setup: RigSetup = {},
): Promise<SnapshotterRig> {
  const rig = startRig(changes, setup);
  await rig.saved(1);
  await rig.cluster.watchingFrom(firstDelta);
  await rig.clock.untilSleeping(changes.deltaPeriodMs ?? periodMs);
  return rig;
}
