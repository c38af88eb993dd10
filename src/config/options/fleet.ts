import { longestRunName } from '../../snapstore/fleet/result-objects.ts';
import { optionGroup } from '../option.ts';
import { verifyOptions } from './verify.ts';

/** I/N, with I from 0. */
const shardText = /^(\d{1,6})\/(\d{1,6})$/;

/** Which share of the work a text names; undefined for what names none. */
export function parseShard(text: string): { readonly index: number; readonly count: number } | undefined {
  const [, index, count] = shardText.exec(text.trim()) ?? [];
  return Number(index) < Number(count) ? { index: Number(index), count: Number(count) } : undefined;
}

const own = {
  prefixGlob: {
    flag: 'prefix-glob',
    type: 'strings',
    default: ['**'],
    placeholder: 'pattern',
    help:
      'Which prefixes below --store-prefix are meant: a star is any text without a slash, a question mark one character, two stars any ' +
      'number of folders; prod-*/etcd-main, for example.',
  },
  maxAgeMs: {
    flag: 'max-age',
    type: 'duration',
    default: '0',
    above: -1,
    none: 0,
    help: 'Fail when the newest state of a cluster that can be restored is older than this (26h, for example); 0 takes any age.',
  },
  proofWithinMs: {
    flag: 'require-proof',
    type: 'duration',
    default: '0',
    above: -1,
    none: 0,
    help: 'Fail when a cluster was not verified within this last while (48h, for example); 0 asks for no proof.',
  },
} as const;

const shard = {
  shard: {
    flag: 'shard',
    type: 'string',
    default: undefined,
    placeholder: 'I/N',
    help:
      'Take this share of the clusters only: share I, counted from 0, of N. Without it JOB_COMPLETION_INDEX and JOB_COMPLETIONS say it, ' +
      'where both are set.',
  },
} as const;

function shardComplaint(values: { readonly shard: string | undefined }) {
  return values.shard === undefined || parseShard(values.shard) !== undefined
    ? undefined
    : ({ option: 'shard', found: 'it is no I/N with I below N', remedy: 'give 0/10 for the first of ten' } as const);
}

/** Which clusters are meant, and when they need attention. */
export const fleetOptions = optionGroup({ title: 'Fleet', options: own });

/** The same, of which a share can be taken. */
export const sharedFleetOptions = optionGroup({
  title: 'Fleet',
  options: { ...own, ...shard },
  check: shardComplaint,
});

/** How the clusters of a fleet are verified. */
export const fleetVerifyOptions = optionGroup({
  title: 'Verify',
  options: {
    level: verifyOptions.options.level,
    sample: verifyOptions.options.sample,
    atOnce: {
      flag: 'clusters-at-once',
      type: 'uint',
      default: 2,
      min: 1,
      max: 64,
      placeholder: 'count',
      help: 'Clusters that are verified at once; for structure and restore each needs room for a whole database.',
    },
    run: {
      flag: 'run-name',
      type: 'string',
      default: undefined,
      placeholder: 'name',
      help: 'What the shares of one verification have in common, such as the name of the job; the day (UTC) when not given.',
    },
    record: {
      flag: 'record',
      type: 'bool',
      default: true,
      help: 'Write what was proved into the store, where fleet list and fleet report find it.',
    },
    tempDir: verifyOptions.options.tempDir,
    maxFetchers: verifyOptions.options.maxFetchers,
  },
  check: ({ run }) =>
    run === undefined || run.length <= longestRunName
      ? undefined
      : {
          option: 'run',
          found: `it has ${run.length} characters`,
          remedy: `give a name of at most ${longestRunName}`,
        },
});

/** How a fleet is shown. */
export const fleetOutputOptions = optionGroup({
  title: 'Result',
  options: {
    format: {
      flag: 'output',
      short: 'o',
      type: 'string',
      default: 'text',
      choices: ['text', 'json', 'yaml', 'html', 'prometheus'],
      sameAs: { table: 'text' },
      placeholder: 'name',
      help: 'How the result is printed on stdout.',
    },
    htmlFile: {
      flag: 'html-file',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'Write the result as one HTML page into this file as well; it is replaced as a whole.',
    },
    prometheusFile: {
      flag: 'prometheus-file',
      type: 'string',
      default: undefined,
      placeholder: 'file',
      help: 'Write the result as metrics into this file as well, for the textfile collector of the node exporter; it is replaced as a whole.',
    },
  },
});
