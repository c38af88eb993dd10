import { createHash } from 'node:crypto';
import type { Revision } from '../../revision.ts';
import type { DeltaEvent } from '../delta-event.ts';

/** Events of one revision, digested: enough to see whether other events of that revision are the same. */
export interface RevisionProof {
  readonly revision: Revision;
  /** Number of events. */
  readonly count: number;
  /** Bytes of their keys and values, and 256 for each event: what they take in memory, roughly. */
  readonly bytes: number;
  /** The digest of each event in order; only those of the first {@link MOST_DIGESTS}. */
  readonly digests: readonly string[];
}

/**
 * Whether two descriptions of one revision are of the same history. `unproven` when one of them has no events to compare:
 * a compaction may have removed them.
 */
export type ProofVerdict = 'same' | 'different' | 'unproven';

/** Of a transaction with more events only so many are digested. */
const MOST_DIGESTS = 1_000;
/** Memory of an event besides its key and value, roughly, bytes. */
const EVENT_OVERHEAD = 256;
/** Characters of a digest: 128 bits. */
const DIGEST_LENGTH = 22;

/** Digests the events of one revision as they come. */
export class RevisionProofBuilder {
  readonly #revision: Revision;
  readonly #digests: string[] = [];
  #count = 0;
  #bytes = 0;

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  /** Adds the next event of the revision. */
  add(event: DeltaEvent): void {
    this.#count += 1;
    this.#bytes += event.key.length + (event.type === 'put' ? event.value.length : 0) + EVENT_OVERHEAD;
    if (this.#digests.length < MOST_DIGESTS) {
      this.#digests.push(digestOf(event));
    }
  }

  /** What was added so far. */
  proof(): RevisionProof {
    return { revision: this.#revision, count: this.#count, bytes: this.#bytes, digests: [...this.#digests] };
  }
}

/** Digests `events`, which are all of `revision`. */
export function proofOf(revision: Revision, events: Iterable<DeltaEvent>): RevisionProof {
  const builder = new RevisionProofBuilder(revision);
  for (const event of events) {
    builder.add(event);
  }
  return builder.proof();
}

/**
 * Compares what is known of a revision with what was found now. A compaction of that very revision removes events that later
 * ones replace, so some may be missing among those that were found; none may be other ones.
 */
export function compareProofs(known: RevisionProof, found: RevisionProof): ProofVerdict {
  if (known.revision !== found.revision) {
    throw new RangeError(`revision ${found.revision} cannot be compared with ${known.revision}`);
  }
  if (known.count === 0 || found.count === 0) {
    return 'unproven';
  }
  if (found.count > known.count) {
    return 'different';
  }
  if (known.count > known.digests.length) {
    const same = found.digests.every((digest, at) => isSameEvent(digest, known.digests[at]));
    return found.count === known.count ? (same ? 'same' : 'different') : 'unproven';
  }
  const digests = new Map(known.digests.map((digest) => [withoutLease(digest), digest]));
  return found.digests.every((digest) => isSameEvent(digest, digests.get(withoutLease(digest)))) ? 'same' : 'different';
}

/**
 * Whether two digests are of one event. A lease that only one of them has is no difference: a restore drops those that were granted after
 * the full where it does not know their time to live, and goes on with the history all the same.
 */
export function isSameEvent(one: string, other: string | undefined): boolean {
  return (
    other !== undefined &&
    (one === other ||
      (withoutLease(one) === withoutLease(other) && (one.length === DIGEST_LENGTH || other.length === DIGEST_LENGTH)))
  );
}

function withoutLease(digest: string): string {
  return digest.slice(0, DIGEST_LENGTH);
}

/** A digest of everything that a watch shows of an event: key, revisions, version and value, and behind it the lease where there is one. */
export function digestOf(event: DeltaEvent): string {
  const hash = createHash('sha256');
  let lease = 0n;
  if (event.type === 'delete') {
    hash.update(`delete ${event.modRevision}\n`).update(event.key);
  } else {
    const { modRevision, createRevision, version, key } = event;
    hash.update(`put ${modRevision} ${createRevision} ${version} ${key.length}\n`).update(key);
    hash.update(event.value);
    lease = event.lease;
  }
  const digest = hash.digest('base64').slice(0, DIGEST_LENGTH);
  return lease === 0n ? digest : `${digest}${lease.toString(16)}`;
}
