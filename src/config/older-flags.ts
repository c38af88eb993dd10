import { type CommandSpec, placedOptions } from './command-spec.ts';
import { UsageFailure } from './usage-failure.ts';

/** A flag that releases of the Go program had once. */
export type OlderFlag =
  /** Its number, in a unit that its name says, is now given to another flag. */
  | {
      readonly flag: string;
      readonly type: 'number';
      readonly newer: string;
      readonly least: number;
      written(amount: number): string;
    }
  /** It has no effect any more. */
  | { readonly flag: string; readonly type: 'bool' | 'text'; readonly newer?: undefined };

const seconds = (amount: number): string => `${amount}s`;

const olderFlags: readonly OlderFlag[] = [
  // To release 0.7.
  {
    flag: 'delta-snapshot-period-seconds',
    type: 'number',
    newer: 'delta-snapshot-period',
    least: 0,
    written: seconds,
  },
  {
    flag: 'garbage-collection-period-seconds',
    type: 'number',
    newer: 'garbage-collection-period',
    least: 0,
    written: seconds,
  },
  {
    flag: 'defragmentation-period-hours',
    type: 'number',
    newer: 'defragmentation-schedule',
    least: 1,
    written: (amount) => `@every ${amount}h`,
  },
  // From release 0.7 to 0.42.
  { flag: 'experimental-fail-below-revision', type: 'text' },
  // From release 0.14 to 0.21.
  { flag: 'owner-name', type: 'text' },
  { flag: 'owner-id', type: 'text' },
  { flag: 'owner-check-interval', type: 'text' },
  { flag: 'owner-check-timeout', type: 'text' },
  { flag: 'owner-check-dns-cache-ttl', type: 'text' },
  { flag: 'etcd-process-name', type: 'text' },
  // From release 0.18 to 0.41.
  { flag: 'enable-etcd-member-gc', type: 'bool' },
  { flag: 'k8s-member-gc-duration', type: 'text' },
  // In release 0.41.
  { flag: 'next-cluster-version-compatible', type: 'bool' },
];

/** Commands that had flags which are without effect now. */
const commandsOfOld: readonly string[] = ['server', 'snapshot', 'initialize'];

/** The flags of older releases that a command takes. */
export function olderFlagsOf(spec: CommandSpec): readonly OlderFlag[] {
  const flags = new Set(placedOptions(spec).map((placed) => placed.spec.flag));
  return olderFlags.filter(({ flag, newer }) =>
    newer === undefined ? commandsOfOld.includes(spec.name) && !flags.has(flag) : flags.has(newer),
  );
}

/** What an older flag with this text means: a sentence for the reader, and the flag that has its place, with a text for it. */
export function readOlderFlag(
  older: OlderFlag,
  text: string,
): { readonly deprecation: string; readonly flag: string | undefined; readonly text: string } {
  if (older.newer === undefined) {
    return { deprecation: `--${older.flag} has no effect any more: remove it`, flag: undefined, text };
  }
  const amount = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  if (amount === undefined || amount < older.least) {
    throw new UsageFailure({
      action: 'use',
      object: `--${older.flag}`,
      found: `it is not a whole number of at least ${older.least}`,
      remedy: `give --${older.newer} instead`,
    });
  }
  const written = older.written(amount);
  return {
    deprecation: `--${older.flag} is deprecated: write --${older.newer}=${JSON.stringify(written)}`,
    flag: older.newer,
    text: written,
  };
}
