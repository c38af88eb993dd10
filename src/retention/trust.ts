import type { Revision } from '../revision.ts';
import type { UnprovenContinuation } from '../snapshot/history/unproven-continuation.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isTooSmall } from '../snapshot/too-small.ts';

/** What is known of fulls apart from their names, which anybody who may write to the store can choose. */
export interface FullEvidence {
  /** Names of fulls that this run has written, or read to their ends and found sound. */
  readonly proved: ReadonlySet<string>;
  /** Names of fulls that this run has read and found unsound; left out for none. */
  readonly unsound?: ReadonlySet<string>;
  /** The revision of the cluster now; undefined when no etcd was asked. */
  readonly clusterRevision?: Revision | undefined;
  /** What this run knows besides the markers of the store: where nothing proved that the cluster goes on from what was stored before. */
  readonly unproven?: readonly UnprovenContinuation[];
}

const DOUBTS = ['full_unsound', 'full_empty', 'full_too_small', 'full_from_future', 'full_beyond_cluster'] as const;

/** Why a full is not trusted. */
export type FullDoubt = (typeof DOUBTS)[number];

/** Whether the reason of a verdict is that a full is not trusted. */
export function isFullDoubt(reason: string): reason is FullDoubt {
  return (DOUBTS as readonly string[]).includes(reason);
}

/** A full whose size, bytes as stored, may be known. */
export type SizedFull = Snapshot & { readonly size?: number };

/** A clock may differ from another by so much, ms. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** A full that has shrunk to less than this part of the one before it has to be read before it counts. */
const SMALLEST_PART = 0.01;

/**
 * Why a full may not take the place of others; undefined when it may. A full is trusted when this run wrote or read it. Any other
 * one is trusted when it is not empty, not far smaller than the trusted full before it, not from the future, and not beyond
 * the cluster's revision. `now` is in ms since the epoch.
 */
export function doubtAbout<T extends SizedFull>(
  full: T,
  known: {
    readonly evidence: FullEvidence;
    readonly now: number;
    /** The trusted full before it. */
    readonly previous: T | undefined;
  },
): FullDoubt | undefined {
  const { evidence, now, previous } = known;
  const { proved, unsound, clusterRevision } = evidence;
  if (unsound?.has(full.name) === true) {
    return 'full_unsound';
  }
  if (proved.has(full.name)) {
    return undefined;
  }
  if (full.size === 0) {
    return 'full_empty';
  }
  if (isTooSmall(full) || hasShrunk(full, previous)) {
    return 'full_too_small';
  }
  if (full.createdOn * 1000 > now + CLOCK_TOLERANCE_MS) {
    return 'full_from_future';
  }
  const isBeyond = clusterRevision !== undefined && full.lastRevision > clusterRevision;
  return isBeyond ? 'full_beyond_cluster' : undefined;
}

/** Compressed and uncompressed sizes say nothing about each other. */
function hasShrunk(full: SizedFull, previous: SizedFull | undefined): boolean {
  return (
    full.compression === previous?.compression &&
    full.size !== undefined &&
    previous.size !== undefined &&
    full.size < previous.size * SMALLEST_PART
  );
}
