import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { EtcdConnectionOptions } from '../../../src/etcd/cluster.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { Snapshotter, type SnapshotterRequest } from '../../../src/operations/snapshot/snapshotter.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import type { RecordedLog } from '../context/recorded-log.ts';
import { requestDefaults } from '../snapshotter/request-defaults.ts';
import { connected } from './connected.ts';

/** A snapshotter that backs up a real etcd; disposing stops it. */
export interface RunningSnapshotter extends AsyncDisposable {
  readonly log: RecordedLog;
  /** Settles as the snapshotter does. */
  readonly ended: Promise<void>;
  /** Resolves when everything up to `revision` can be restored from the store. */
  covers(revision: number): Promise<void>;
  /** Stops it as a signal does and waits for its end; gives the ms that took. */
  stop(): Promise<number>;
}

/** How it runs, where that is not a delta each second and a full at the start only. */
export interface SnapshotterChanges extends Partial<Omit<SnapshotterRequest, 'cluster' | 'store' | 'tempDir'>> {
  readonly clock?: Clock;
  readonly connection?: Partial<EtcdConnectionOptions>;
}

/** Starts a snapshotter and waits for its first full. */
export async function startSnapshotter(
  endpoints: readonly string[],
  store: SnapStore,
  { clock = systemClock, connection = {}, ...changes }: SnapshotterChanges = {},
): Promise<RunningSnapshotter> {
  const link = await connected(endpoints, connection);
  const tempDir = makeTempDir();
  const controller = new AbortController();
  const { log } = link;
  const request: SnapshotterRequest = {
    ...requestDefaults,
    cluster: link.cluster,
    store,
    tempDir: tempDir.path,
    schedule: new Schedule('0 0 1 1 *'),
    deltaPeriodMs: 1_000,
    ...changes,
  };
  const ended = new Snapshotter(request, { signal: controller.signal, clock, log, progress: silentProgress }).run();
  let failure: { readonly error: unknown } | undefined;
  ended.catch((error: unknown) => {
    failure = { error };
  });
  const until = async (probe: () => Promise<boolean>, what: string): Promise<void> => {
    await eventually(
      async () => {
        if (failure !== undefined) {
          throw failure.error;
        }
        return (await probe()) ? true : undefined;
      },
      { describe: () => `${what} did not happen:\n${log.texts.join('\n')}` },
    );
  };
  const covers = (revision: number): Promise<void> =>
    until(async () => {
      const { snapshots } = await store.list({ signal: controller.signal });
      return snapshots.some(({ lastRevision }) => lastRevision >= revision);
    }, `a backup up to revision ${revision}`);
  await covers(1);
  return {
    log,
    ended,
    covers,
    stop: async () => {
      const started = performance.now();
      controller.abort(new Error('stopped by the test'));
      await ended;
      return performance.now() - started;
    },
    [Symbol.asyncDispose]: async () => {
      controller.abort(new Error('stopped by the test'));
      await ended.catch(() => {});
      await link[Symbol.asyncDispose]();
      tempDir[Symbol.dispose]();
    },
  };
}

/** The machine's clock, set so that the next full minute begins in `ms`. */
export function clockBeforeMinute(ms: number): Clock {
  const offset = 60_000 - (Date.now() % 60_000) - ms;
  return { ...systemClock, now: () => Date.now() + offset };
}
