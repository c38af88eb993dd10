import type { ShardNumber } from '../../snapstore/fleet/result-objects.ts';
import type { LastRun } from './merged-results.ts';
import type { ComplaintKind, PrefixReport } from './prefix-report.ts';

/** What is known of all clusters that were looked at. */
export interface FleetReport {
  /** Container and prefix, for messages. */
  readonly location: string;
  /** When it was made, ms since the epoch. */
  readonly at: number;
  /** By name. */
  readonly prefixes: readonly PrefixReport[];
  /** The share that was looked at; undefined for all. */
  readonly shard: ShardNumber | undefined;
  readonly lastRun: LastRun | undefined;
}

/** The state of a prefix in one word: the worst thing that is wrong with it. */
export type PrefixState = ComplaintKind | 'sound';

/** Every state, the worst first. */
export const prefixStates: readonly PrefixState[] = [
  'unreadable',
  'damaged',
  'broken',
  'forked',
  'stale',
  'unproved',
  'sound',
];

/** The worst thing that is wrong with a prefix. */
export function stateOf({ complaints }: Pick<PrefixReport, 'complaints'>): PrefixState {
  return prefixStates.find((state) => complaints.some(({ kind }) => kind === state)) ?? 'sound';
}

/** How many prefixes are in each state. */
export function countStates(prefixes: readonly PrefixReport[]): Readonly<Record<PrefixState, number>> {
  const counts = { unreadable: 0, damaged: 0, broken: 0, forked: 0, stale: 0, unproved: 0, sound: 0 };
  for (const prefix of prefixes) {
    counts[stateOf(prefix)] += 1;
  }
  return counts;
}
