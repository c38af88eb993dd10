import { optionGroup } from '../option.ts';
import { historyOption } from './history.ts';
import { newestState, revisionValue } from './revision.ts';

/** Which state is restored; without any of these the newest. */
export const restoreTargetOptions = optionGroup({
  title: 'What is restored',
  options: {
    toRevision: {
      ...revisionValue,
      flag: 'to-revision',
      insteadOfZero: newestState,
      help: 'Restore the state of this revision; the newest one when not given.',
    },
    toTime: {
      flag: 'to-time',
      type: 'string',
      default: undefined,
      rule: 'time',
      placeholder: 'time',
      help: 'Restore the state of this time, as recorded in the deltas, with the last change seen up to it: 2026-11-21T09:30:00Z, "5m ago" or seconds since 1970; the newest state when not given.',
    },
    history: historyOption,
    snapshot: {
      flag: 'snapshot',
      type: 'string',
      default: undefined,
      placeholder: 'name',
      help:
        'Restore this snapshot of the store, by its name in list: a full alone, or the state at the end of a delta. A full together with ' +
        '--to-revision or --to-time is where the restore begins.',
    },
    file: {
      flag: 'file',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help:
        'Restore this file instead of a store: what etcdctl snapshot save wrote, a full snapshot in any compression, ' +
        'or with --skip-hash-check a db that was copied from a data directory.',
    },
    plan: {
      flag: 'plan',
      type: 'bool',
      default: false,
      help: 'Only print which snapshots would be used; change nothing.',
    },
    companions: {
      flag: 'companions',
      type: 'string',
      default: undefined,
      placeholder: 'dir',
      help: 'Also unpack the archive that snapshot --include stored with the snapshot, into this directory, which must be empty or missing.',
    },
  },
  check(values) {
    if (values.toRevision !== undefined && values.toTime !== undefined) {
      return { option: 'toTime', found: '--to-revision is given as well', remedy: 'give one of them' };
    }
    if (values.companions !== undefined && values.file !== undefined) {
      return {
        option: 'companions',
        found: '--file is given as well, and a file has none',
        remedy: 'give one of them',
      };
    }
    const others =
      values.toRevision !== undefined ||
      values.toTime !== undefined ||
      values.snapshot !== undefined ||
      values.history !== undefined;
    return values.file !== undefined && others
      ? {
          option: 'file',
          found: '--to-revision, --to-time, --snapshot or --history is given as well, and a file holds one state only',
          remedy: 'give the file alone',
        }
      : undefined;
  },
});
