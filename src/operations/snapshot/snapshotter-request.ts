import type { BackoffPolicy } from '../../runtime/async/backoff.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import type { SnapshotterListener } from './events.ts';
import type { DownloadRequest } from './full/download.ts';
import type { ScheduledGarbageCollection } from './maintain-store.ts';
import type { RenewedPacking } from './renewed-packing.ts';
import type { Schedule } from './schedule.ts';

/** What a running snapshotter needs. */
export interface SnapshotterRequest extends DownloadRequest, RenewedPacking {
  readonly store: SnapStore;
  /** Of fulls. */
  readonly schedule: Schedule;
  /** How often a delta is written, ms; undefined for no deltas at all. */
  readonly deltaPeriodMs: number | undefined;
  /** Bytes of buffered events that trigger a delta early. */
  readonly deltaMemoryLimit: number;
  /** Bytes of events that may wait in temporary files for a slow store. */
  readonly deltaSpoolLimit: number;
  /** How long the store may fail before the snapshotter does, ms. */
  readonly maxStoreOutageMs: number;
  /** Waits between tries of a store or an etcd that fails. */
  readonly backoff: BackoffPolicy;
  /** With a full at once, or with deltas that continue the newest chain in the store where that is enough. */
  readonly start: 'full' | 'as needed';
  /** Undefined when nothing is deleted. */
  readonly garbageCollection: ScheduledGarbageCollection | undefined;
  /** When members are defragmented; a full follows. Undefined for never. */
  readonly defragmentationSchedule: Schedule | undefined;
  /** How long uploads of deltas may go on when the end has begun, ms; 8 s when left out. */
  readonly gracePeriodMs?: number;
  readonly listeners?: readonly SnapshotterListener[];
}
