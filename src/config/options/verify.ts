import { optionGroup } from '../option.ts';
import { historyOption } from './history.ts';
import { restorationOptions } from './restoration.ts';

/** How thoroughly backups are verified. */
export const verifyOptions = optionGroup({
  title: 'Verify',
  options: {
    level: {
      flag: 'level',
      type: 'string',
      default: 'structure',
      choices: ['catalog', 'hash', 'structure', 'restore'],
      placeholder: 'level',
      help:
        'How much is proved: catalog reads names and finds holes; hash reads every object and checks its SHA-256; ' +
        'structure also checks every page and event; restore also restores the newest state into a scratch directory.',
    },
    history: historyOption,
    sample: {
      flag: 'sample',
      type: 'int',
      default: 0,
      none: 0,
      min: 0,
      placeholder: 'count',
      help: 'Read the newest chain and only this many other objects, chosen at random; 0 reads all.',
    },
    record: {
      flag: 'record',
      type: 'bool',
      default: false,
      help: 'Write what was proved next to the snapshots, where fleet list and fleet report find it.',
    },
    tempDir: {
      flag: 'temp-dir',
      type: 'string',
      default: '/tmp',
      rule: 'not empty',
      placeholder: 'dir',
      help: 'Directory for scratch files; structure and restore need room for the whole database.',
    },
    maxFetchers: restorationOptions.options.maxFetchers,
  },
  check(values) {
    return values.record && values.history !== undefined
      ? {
          option: 'record',
          found: 'it is given together with --history',
          remedy: 'a proof is about the newest history: leave one of the two out',
        }
      : undefined;
  },
});
