import { optionGroup } from '../option.ts';
import { databaseReadingOptions, hexOption } from './database-reading.ts';
import { historyOption } from './history.ts';
import { revisionValue } from './revision.ts';

/** How keys are written to a cluster. */
export const writeOptions = optionGroup({
  title: 'What is written',
  options: {
    yes: {
      flag: 'yes',
      short: 'y',
      type: 'bool',
      default: false,
      help: 'Write. Without it nothing is changed, and what would be is shown.',
    },
    leases: {
      flag: 'leases',
      type: 'string',
      default: 'map',
      choices: ['map', 'drop'],
      placeholder: 'name',
      help:
        'What becomes of leases: map grants a new one, with its time to live, for each that the keys had; drop writes keys ' +
        'without, so that they never expire.',
    },
    keepGoing: {
      flag: 'keep-going',
      type: 'bool',
      default: false,
      help: 'Leave out a key that has another value there, or that etcd refuses, instead of writing nothing. The exit code is 1 all the same.',
    },
    otherCluster: {
      flag: 'other-cluster',
      type: 'bool',
      default: false,
      help:
        'Write also where the keys come from another cluster than that of --endpoints, as their ids show; one that was restored has ' +
        'a new id.',
    },
  },
});

/** Which keys of an export are written. */
export const applyOptions = optionGroup({
  title: 'Export',
  options: {
    unchangedSince: {
      ...revisionValue,
      flag: 'unchanged-since',
      insteadOfZero: 'Leave it out to replace no key that has another value',
      help: 'Also replace keys that have another value, where they were not changed after this revision of the cluster; none when not given.',
    },
    edited: {
      flag: 'edited',
      type: 'bool',
      default: false,
      help: 'Take an export that was changed on purpose after it was written: its hashes are not required.',
    },
  },
});

/** Which state is brought back. */
export const undeleteOptions = optionGroup({
  title: 'What is brought back',
  options: {
    before: {
      flag: 'before',
      type: 'string',
      default: undefined,
      rule: 'time',
      placeholder: 'time',
      help: 'Bring back what was there right before this time, as recorded in the deltas, and is not there now: 2026-11-21T09:30:00Z, "5m ago" or seconds since 1970. Needed where --before-revision is not given.',
    },
    beforeRevision: {
      ...revisionValue,
      flag: 'before-revision',
      insteadOfZero: 'Give the revision of the deletion, which etcdbrctl history shows, or --before',
      help: 'Bring back what was there right before this revision, that of the deletion: history and diff show it. Needed where --before is not given.',
    },
    history: historyOption,
    hex: hexOption,
    ...databaseReadingOptions,
  },
  check(values) {
    return values.before !== undefined && values.beforeRevision !== undefined
      ? { option: 'beforeRevision', found: '--before is given as well', remedy: 'give one of them' }
      : undefined;
  },
});
