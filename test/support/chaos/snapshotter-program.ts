/**
 * A snapshotter that goes on from the backup in the store, where that is enough, as the server has it: `snapshotter-program.ts
 * JSON`, see {@link SnapshotterTask}. Ends at SIGTERM, or with code 1 and the error.
 */

import { reportError } from '../../../src/cli/error-report.ts';
import { processEnvironment } from '../../../src/config/environment.ts';
import { connect } from '../../../src/etcd/connect.ts';
import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import { Snapshotter } from '../../../src/operations/snapshot/snapshotter.ts';
import { createLogger } from '../../../src/runtime/log/pino-logger.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import { connectionTo } from '../etcd/connected.ts';
import { requestDefaults } from '../snapshotter/request-defaults.ts';
import type { SnapshotterTask } from './snapshotter-process.ts';

const task = JSON.parse(process.argv[2] ?? '') as SnapshotterTask;
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort(new Error('stopped by SIGTERM')));
const log = createLogger({
  output: { print: (text) => process.stderr.write(text), show: () => {} },
  clock: systemClock,
  format: 'text',
  colour: 'off',
  level: 4,
  startedAt: 0,
});
const context = { signal: stopping.signal, clock: systemClock, log, progress: silentProgress };
const { storeEndpoint: endpointOverride, container, prefix } = task;
try {
  const store = await openStore(
    {
      provider: 'GCS',
      container,
      prefix,
      endpointOverride,
      maxParallelChunkUploads: 5,
      minChunkSize: 5 * 1024 * 1024,
      role: 'primary',
    },
    { log, clock: systemClock, environment: processEnvironment() },
  );
  const { cluster } = await connect(connectionTo([task.etcdUrl]), context);
  const { deltaPeriodMs, deltaMemoryLimit, collectionPeriodMs, keptFulls: maxBackups, schedule, tempDir } = task;
  const rules = { policy: { kind: 'LimitBased', maxBackups }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
  const request = {
    ...requestDefaults,
    cluster,
    store,
    tempDir,
    schedule: new Schedule(schedule),
    deltaPeriodMs,
    deltaMemoryLimit,
    maxStoreOutageMs: 60_000,
    start: 'as needed',
    garbageCollection: { rules, periodMs: collectionPeriodMs },
  } as const;
  await new Snapshotter(request, context).run();
  process.exit(0);
} catch (error) {
  process.stderr.write(reportError(error, { format: 'text', detail: 'all' }).text);
  process.exit(1);
}
