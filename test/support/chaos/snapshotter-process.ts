import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../../scripts/lab/child-process.ts';
import { compileCache } from '../../../scripts/lab/compile-cache.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** What a snapshotter in a process of its own is to do, over a store that speaks Google's protocol without authorization. */
export interface SnapshotterTask {
  readonly etcdUrl: string;
  readonly storeEndpoint: string;
  readonly container: string;
  readonly prefix: string;
  readonly tempDir: string;
  /** Cron of fulls. */
  readonly schedule: string;
  readonly deltaPeriodMs: number;
  readonly deltaMemoryLimit: number;
  readonly collectionPeriodMs: number;
  /** Fulls that garbage collection leaves. */
  readonly keptFulls: number;
}

/**
 * `full`: the program as users start it, which begins with a full. `as needed`: goes on from the backup in the store, where that
 * is enough.
 */
export type SnapshotterStart = 'full' | 'as needed';

const resuming = fileURLToPath(new URL('snapshotter-program.ts', import.meta.url));

/** Starts it; it does not outlive this process. */
export function startSnapshotterProcess(task: SnapshotterTask, start: SnapshotterStart): Child {
  const args =
    start === 'full' ? [`${projectRoot}src/main.ts`, 'snapshot', ...flagsOf(task)] : [resuming, JSON.stringify(task)];
  return startChild(process.execPath, args, { env: compileCache });
}

function flagsOf(task: SnapshotterTask): readonly string[] {
  return [
    ['--endpoints', task.etcdUrl],
    ['--storage-provider', 'GCS'],
    ['--store-container', task.container],
    ['--store-prefix', task.prefix],
    ['--store-endpoint-override', task.storeEndpoint],
    ['--snapstore-temp-directory', task.tempDir],
    ['--schedule', task.schedule],
    ['--delta-snapshot-period', `${task.deltaPeriodMs}ms`],
    ['--delta-snapshot-memory-limit', String(task.deltaMemoryLimit)],
    ['--garbage-collection-policy', 'LimitBased'],
    ['--max-backups', String(task.keptFulls)],
    ['--garbage-collection-period', `${task.collectionPeriodMs}ms`],
    ['--etcd-connection-timeout', '5s'],
    ['--log-format', 'text'],
  ].flat();
}
