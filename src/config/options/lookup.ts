import { optionGroup } from '../option.ts';
import { databaseReadingOptions, hexOption } from './database-reading.ts';
import { historyOption } from './history.ts';
import { outputOption } from './output.ts';
import { newestState, revisionValue } from './revision.ts';

const file = {
  flag: 'file',
  type: 'string',
  default: undefined,
  placeholder: 'file|dir',
  help:
    'Read this instead of a store: what etcdctl snapshot save wrote, a full snapshot in any compression, a db file, or the data ' +
    'directory of an etcd that is stopped.',
} as const;

/** Which state is read, and where it is. */
export const lookupOptions = optionGroup({
  title: 'What is read',
  options: {
    revision: {
      ...revisionValue,
      flag: 'revision',
      insteadOfZero: newestState,
      help: 'Read the state of this revision; the newest one when not given.',
    },
    time: {
      flag: 'time',
      type: 'string',
      default: undefined,
      rule: 'time',
      placeholder: 'time',
      help: 'Read the state of this time, as recorded in the deltas, with the last change seen up to it: 2026-11-21T09:30:00Z, "5m ago" or seconds since 1970; the newest state when not given.',
    },
    history: historyOption,
    snapshot: {
      flag: 'snapshot',
      type: 'string',
      default: undefined,
      placeholder: 'name',
      help: 'Read this snapshot of the store, by its name in list: a full alone, or the state at the end of a delta.',
    },
    file,
    hex: hexOption,
    ...databaseReadingOptions,
  },
  check(values) {
    if (values.revision !== undefined && values.time !== undefined) {
      return { option: 'time', found: '--revision is given as well', remedy: 'give one of them' };
    }
    const others = values.time !== undefined || values.snapshot !== undefined || values.history !== undefined;
    return values.file !== undefined && others
      ? {
          option: 'file',
          found: '--time, --snapshot or --history is given as well, and a file has no times and one history only',
          remedy: 'give the file alone, or with --revision',
        }
      : undefined;
  },
});

/** What two states are compared in. */
export const compareOptions = optionGroup({
  title: 'What is compared',
  options: {
    prefix: {
      flag: 'prefix',
      type: 'string',
      default: undefined,
      placeholder: 'prefix',
      help: 'Only keys that begin with this; all when not given.',
    },
    history: historyOption,
    hex: hexOption,
    ...databaseReadingOptions,
  },
});

/** Whether secrets are shown. */
export const secretsOptions = optionGroup({
  title: 'Values',
  options: {
    showSecrets: {
      flag: 'show-secrets',
      type: 'bool',
      default: false,
      help: 'Show the values of secrets of Kubernetes, which text and YAML otherwise leave out; JSON and raw values always hold them.',
    },
  },
});

/** Which versions of a key are shown. */
export const versionsOptions = optionGroup({
  title: 'Versions',
  options: {
    allRevisions: {
      flag: 'all-revisions',
      type: 'bool',
      default: false,
      help: 'Show every version up to that state that the backup still has, oldest first.',
    },
  },
});

/** How keys are grouped. */
export const groupingOptions = optionGroup({
  title: 'Groups',
  options: {
    depth: {
      flag: 'depth',
      type: 'int',
      default: 0,
      none: 0,
      min: 0,
      placeholder: 'count',
      help: 'Group keys by this many segments of their path after PREFIX, with their number and the bytes of their values; 0 shows each key.',
    },
  },
});

/** How values are printed to stdout. */
export const valueOutputOptions = optionGroup({
  title: 'Result',
  shared: true,
  options: {
    format: {
      ...outputOption,
      choices: ['text', 'json', 'yaml', 'raw'],
      help: 'How the result is printed on stdout; yaml is the object of Kubernetes alone, raw the value alone, byte by byte.',
    },
  },
});
