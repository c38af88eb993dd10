import { optionGroup } from '../option.ts';
import { identityOptions, recipientOptions } from './encryption.ts';

/** When fulls and deltas are taken. */
const snapshotterOptions = optionGroup({
  title: 'Snapshots',
  options: {
    schedule: {
      flag: 'schedule',
      short: 's',
      type: 'string',
      default: '0 */1 * * *',
      rule: 'cron',
      placeholder: 'cron',
      help:
        'When full snapshots are taken: five cron fields, @daily and the like, or @every 1h30m; in local time, or in ' +
        'that of TZ=Europe/Berlin before it.',
      fileKeys: ['snapshotterConfig.schedule'],
    },
    deltaPeriodMs: {
      flag: 'delta-snapshot-period',
      type: 'duration',
      default: '20s',
      help: 'How often changes since the last snapshot are written as a delta; below 1s no deltas are taken.',
      fileKeys: ['snapshotterConfig.deltaSnapshotPeriod'],
    },
    deltaMemoryLimit: {
      flag: 'delta-snapshot-memory-limit',
      rare: true,
      type: 'uint',
      default: 10 * 1024 * 1024,
      zeroIsDefault: true,
      placeholder: 'bytes',
      help: 'Write a delta early when so many bytes of changes are buffered.',
      fileKeys: ['snapshotterConfig.deltaSnapshotMemoryLimit'],
    },
    snapshotFrom: {
      flag: 'snapshot-from',
      type: 'string',
      default: 'any',
      choices: ['follower', 'leader', 'any'],
      placeholder: 'member',
      help: 'Which member full snapshots are read from; any takes a follower that keeps up where there is one.',
    },
    deltaSpoolLimit: {
      flag: 'delta-spool-limit',
      rare: true,
      type: 'uint',
      default: 1024 * 1024 * 1024,
      placeholder: 'bytes',
      help: 'How many bytes of changes may wait in temporary files while the store is slower than the writes; beyond it a full snapshot takes over.',
    },
    maxStoreOutageMs: {
      flag: 'max-store-outage',
      rare: true,
      type: 'duration',
      default: '10m0s',
      above: -1,
      help: 'How long a store that fails is tried again, with all changes kept, before the command fails.',
    },
  },
});

/** Taking one snapshot by hand. */
export const onceOptions = optionGroup({
  title: 'One snapshot',
  options: {
    once: {
      flag: 'once',
      type: 'bool',
      default: false,
      help: 'Take one full snapshot, print where it is, and leave.',
    },
    include: {
      flag: 'include',
      type: 'strings',
      default: [],
      placeholder: 'path,...',
      help: 'With --once: files and directories, such as certificates and manifests, to store in an archive next to the snapshot; nothing when not given.',
    },
    companionMax: {
      flag: 'companion-max',
      rare: true,
      type: 'uint',
      default: 3,
      min: 1,
      placeholder: 'count',
      help: 'How many archives of --include are kept, the newest.',
    },
  },
  check(values) {
    return values.include.length > 0 && !values.once
      ? { option: 'include', found: 'it is given without --once', remedy: 'give --once, too' }
      : undefined;
  },
});

/** What `--compression-level` may be at the most. */
const highestLevels: Readonly<Record<string, number | undefined>> = { gzip: 9, zlib: 9, zstd: 22 };

/** How objects are compressed. */
const compressionOptions = optionGroup({
  title: 'Compression',
  options: {
    enabled: {
      flag: 'compress-snapshots',
      type: 'bool',
      default: true,
      help: 'Compress snapshots before they are stored.',
      fileKeys: ['compressionConfig.enabled'],
    },
    policy: {
      flag: 'compression-policy',
      type: 'string',
      default: 'gzip',
      choices: ['gzip', 'zlib', 'lzw', 'zstd'],
      placeholder: 'name',
      help: 'How snapshots are compressed; zstd takes less time and room, but etcd-backup-restore cannot read it. Every one is read, whatever is given here.',
      fileKeys: ['compressionConfig.policy'],
    },
    level: {
      flag: 'compression-level',
      type: 'uint',
      default: 0,
      none: 0,
      rare: true,
      placeholder: 'level',
      help: 'How hard snapshots are compressed: 1 (fast) to 9 with gzip and zlib, to 22 with zstd; 0 chooses what is worth its time.',
      fileKeys: ['compressionConfig.level'],
    },
  },
  check({ enabled, policy, level = 0 }) {
    if (!enabled || level === 0) {
      return undefined;
    }
    const most = highestLevels[policy];
    if (most === undefined) {
      const remedy = 'leave it out, or choose another --compression-policy';
      return { option: 'level', found: `${policy} has no levels`, remedy };
    }
    return level > most
      ? { option: 'level', found: `the highest level of ${policy} is ${most}`, remedy: `give 1 to ${most}` }
      : undefined;
  },
});

/** Which backups are kept. */
export const retentionRules = optionGroup({
  title: 'Retention',
  options: {
    policy: {
      flag: 'garbage-collection-policy',
      type: 'string',
      default: 'Exponential',
      choices: ['Exponential', 'LimitBased'],
      placeholder: 'name',
      help: 'Exponential keeps fewer fulls the older they are (hourly, daily, weekly); LimitBased keeps the newest --max-backups.',
      fileKeys: ['snapshotterConfig.garbageCollectionPolicy'],
    },
    maxBackups: {
      flag: 'max-backups',
      short: 'm',
      type: 'uint',
      default: 7,
      placeholder: 'count',
      help: 'Full snapshots that LimitBased keeps.',
      fileKeys: ['snapshotterConfig.maxBackups'],
    },
    deltaRetentionPeriodMs: {
      flag: 'delta-snapshot-retention-period',
      type: 'duration',
      default: '0',
      help: 'How long deltas are kept once a newer full exists; the newest chain is always kept whole, and with 0 no other.',
      fileKeys: ['snapshotterConfig.deltaSnapshotRetentionPeriod'],
    },
    pointInTimeWindowMs: {
      flag: 'point-in-time-window',
      type: 'duration',
      default: '0',
      above: -1,
      none: 0,
      help: 'Keep what restores every moment of this last while (24h, for example), whatever the policy says; 0 keeps no such window.',
      fileKeys: ['snapshotterConfig.pointInTimeWindow'],
    },
    leftHistoryMs: {
      flag: 'left-history-retention',
      type: 'duration',
      default: '168h0m0s',
      above: -1,
      help: 'How long the snapshots of a history that was left are kept, such as those after the state that was restored.',
      fileKeys: ['snapshotterConfig.leftHistoryRetention'],
    },
  },
  check(values) {
    return values.policy === 'LimitBased' && values.maxBackups === 0
      ? { option: 'maxBackups', found: 'LimitBased would keep no backup', remedy: 'give at least 1' }
      : undefined;
  },
});

/** Which backups are deleted, and when. */
const retentionOptions = optionGroup({
  title: retentionRules.title,
  options: {
    garbageCollectionPeriodMs: {
      flag: 'garbage-collection-period',
      rare: true,
      type: 'duration',
      default: '1m0s',
      help: 'How often backups that are no longer wanted are deleted; 1s or less turns it off.',
      fileKeys: ['snapshotterConfig.garbageCollectionPeriod'],
    },
    ...retentionRules.options,
  },
  check: (values) => retentionRules.check?.(values),
});

/** Deleting by hand. */
export const pruneOptions = optionGroup({
  title: 'Prune',
  options: {
    dryRun: {
      flag: 'dry-run',
      type: 'bool',
      default: false,
      help: 'Only show what would be deleted, and why. This is also what happens without --yes.',
    },
    yes: {
      flag: 'yes',
      short: 'y',
      type: 'bool',
      default: false,
      help: 'Delete. Without it nothing is deleted, and what would be is shown.',
    },
  },
  check(values) {
    return values.dryRun && values.yes
      ? { option: 'dryRun', found: 'it is given together with --yes', remedy: 'give one of the two' }
      : undefined;
  },
});

/** When etcd's files are rewritten without holes. */
const defragmentationOptions = optionGroup({
  title: 'Defragmentation',
  options: {
    schedule: {
      flag: 'defragmentation-schedule',
      rare: true,
      type: 'string',
      default: '0 0 */3 * *',
      rule: 'cron',
      placeholder: 'cron',
      help: 'When the members are defragmented, one after the other: cron as in --schedule.',
      fileKeys: ['defragmentationSchedule'],
    },
  },
});

/** How long to wait between tries of a store or an etcd that fails. */
const backoffOptions = optionGroup({
  title: 'Waits after failures',
  options: {
    multiplier: {
      flag: 'backoff-multiplier',
      rare: true,
      type: 'uint',
      default: 2,
      min: 1,
      placeholder: 'factor',
      help: 'A store or an etcd that fails is tried again after this many seconds; each further wait is this many times as long as the one before.',
      fileKeys: ['exponentialBackoffConfig.multiplier'],
    },
    attemptLimit: {
      flag: 'backoff-attempt-limit',
      rare: true,
      type: 'uint',
      default: 6,
      min: 1,
      placeholder: 'count',
      help: 'How often the wait of --backoff-multiplier grows; then it is that of --backoff-threshold-time.',
      fileKeys: ['exponentialBackoffConfig.attemptLimit'],
    },
    thresholdTimeMs: {
      flag: 'backoff-threshold-time',
      rare: true,
      type: 'duration',
      default: '2m8s',
      above: 0,
      help: 'The longest wait between tries of a store or an etcd that fails. With snapshot, waits are 1, 2, 4 … 30 seconds unless a --backoff flag is given.',
      fileKeys: ['exponentialBackoffConfig.thresholdTime'],
    },
  },
});

/** All that a command which takes backups by schedule has, in the order of its help. */
export const scheduledBackupGroups = {
  snapshotter: snapshotterOptions,
  compression: compressionOptions,
  encryption: recipientOptions,
  identity: identityOptions,
  retention: retentionOptions,
  defragmentation: defragmentationOptions,
  backoff: backoffOptions,
} as const;
