import { optionGroup } from '../option.ts';

/** Which backups are copied, and how. */
export const copyOptions = optionGroup({
  title: 'Copy',
  options: {
    maxBackups: {
      flag: 'max-backups-to-copy',
      type: 'int',
      default: -1,
      none: -1,
      min: -1,
      placeholder: 'count',
      help: 'Copy only this many of the newest fulls, each with its deltas; -1 copies all.',
    },
    maxBackupAgeDays: {
      flag: 'max-backup-age',
      type: 'int',
      default: -1,
      none: -1,
      min: -1,
      placeholder: 'days',
      help: 'Copy only backups that are at most this many days old; -1 copies all.',
    },
    maxParallel: {
      flag: 'max-parallel-copy-operations',
      rare: true,
      type: 'int',
      default: 10,
      min: 1,
      placeholder: 'count',
      help: 'Objects that are copied at once.',
    },
    waitForFinal: {
      flag: 'wait-for-final-snapshot',
      type: 'bool',
      default: false,
      help: 'Wait for a final full snapshot in the source before copying.',
    },
    waitForFinalTimeoutMs: {
      flag: 'wait-for-final-snapshot-timeout',
      type: 'duration',
      default: '0',
      none: 0,
      above: -1,
      help: 'How long --wait-for-final-snapshot waits at most; 0 waits without a limit.',
    },
    dryRun: {
      flag: 'dry-run',
      type: 'bool',
      default: false,
      help: 'Show which objects would be copied, and copy none.',
    },
  },
});
