import type { ConfigOf } from '../config/command-spec.ts';
import type { scheduledBackupGroups } from '../config/options/snapshotter.ts';
import { Schedule } from '../operations/snapshot/schedule.ts';
import type { SnapshotterRequest } from '../operations/snapshot/snapshotter-request.ts';
import { type BackoffPolicy, defaultBackoff } from '../runtime/async/backoff.ts';
import type { ReloadedFiles } from '../runtime/reloaded-files.ts';
import type { Recipients } from '../snapshot/encryption/recipients.ts';
import type { Packing } from '../snapshot/packing.ts';
import { longestOffPeriodMs, retentionRulesOf } from './retention-rules.ts';

type ScheduledBackupConfig = ConfigOf<typeof scheduledBackupGroups>;

/** A shorter period of deltas turns them off, ms. */
const shortestDeltaPeriodMs = 1_000;
/** The unit of the waits between attempts, ms. */
const backoffUnitMs = 1_000;
const backoffFlags = ['backoff-multiplier', 'backoff-attempt-limit', 'backoff-threshold-time'];

/**
 * What the options of a command that takes backups by schedule ask of the snapshotter. `given` are the flags that are not left to their
 * defaults; `recipients` are those that new objects are encrypted to.
 */
export function scheduledBackupOf(
  config: ScheduledBackupConfig,
  given: ReadonlySet<string>,
  recipients?: ReloadedFiles<Recipients>,
): Omit<SnapshotterRequest, 'cluster' | 'store' | 'tempDir' | 'start' | 'listeners'> {
  const { deltaPeriodMs, deltaMemoryLimit, deltaSpoolLimit, maxStoreOutageMs } = config.snapshotter;
  const { garbageCollectionPeriodMs } = config.retention;
  return {
    ...packingOf(config, recipients?.value),
    currentRecipients: recipients && (() => recipients.current()),
    schedule: new Schedule(config.snapshotter.schedule),
    deltaPeriodMs: deltaPeriodMs < shortestDeltaPeriodMs ? undefined : deltaPeriodMs,
    deltaMemoryLimit,
    deltaSpoolLimit,
    maxStoreOutageMs,
    backoff: backoffFlags.some((flag) => given.has(flag)) ? backoffOf(config.backoff) : defaultBackoff,
    garbageCollection:
      garbageCollectionPeriodMs <= longestOffPeriodMs
        ? undefined
        : { rules: retentionRulesOf(config.retention), periodMs: garbageCollectionPeriodMs },
    defragmentationSchedule: new Schedule(config.defragmentation.schedule),
  };
}

/** How snapshots are packed. */
export function packingOf(
  { compression }: Pick<ScheduledBackupConfig, 'compression'>,
  recipients: Recipients | undefined,
): Packing {
  return {
    compression: compression.enabled ? compression.policy : 'none',
    compressionLevel: compression.level,
    recipients,
  };
}

/**
 * The waits that `--backoff-*` ask for, as in the Go program: the first wait is one second times the multiplier, and waits grow for one
 * attempt more than the attempt limit. Unlike there, no wait is longer than the threshold.
 */
export function backoffOf({
  multiplier,
  attemptLimit,
  thresholdTimeMs,
}: ScheduledBackupConfig['backoff']): BackoffPolicy {
  return {
    firstMs: backoffUnitMs * multiplier,
    multiplier,
    longestMs: thresholdTimeMs,
    growingWaits: attemptLimit + 1,
  };
}
