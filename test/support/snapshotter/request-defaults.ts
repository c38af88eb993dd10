import { Schedule } from '../../../src/operations/snapshot/schedule.ts';
import type { SnapshotterRequest } from '../../../src/operations/snapshot/snapshotter.ts';
import { defaultBackoff } from '../../../src/runtime/async/backoff.ts';

/** What tests ask of a snapshotter where they do not say otherwise: a full at every hour, a delta every 20 s, nothing deleted. */
export const requestDefaults: Omit<SnapshotterRequest, 'cluster' | 'store' | 'tempDir'> = {
  compression: 'gzip',
  schedule: new Schedule('0 * * * *'),
  deltaPeriodMs: 20_000,
  deltaMemoryLimit: 10 * 1024 * 1024,
  deltaSpoolLimit: 64 * 1024 * 1024,
  maxStoreOutageMs: 600_000,
  backoff: defaultBackoff,
  start: 'full',
  garbageCollection: undefined,
  defragmentationSchedule: undefined,
};
