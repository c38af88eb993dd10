import type { Revision } from '../../revision.ts';
import type { PutEvent } from '../delta-event.ts';
import { digestOf, isSameEvent, type ProofVerdict } from './revision-proof.ts';

/** One write that a history holds: enough to see whether a cluster, or a database, has gone through the same. */
export interface EventSample {
  readonly revision: Revision;
  readonly key: Uint8Array;
  readonly createRevision: Revision;
  readonly version: number;
  /** Over all of it, the value included. */
  readonly digest: string;
}

/** Larger values are not asked for, bytes. */
const LARGEST_VALUE = 64 * 1024;

/** A write as a sample; undefined where its value is too large to be asked for now and then. */
export function sampleOf(event: PutEvent): EventSample | undefined {
  const { modRevision, key, value, createRevision, version } = event;
  return value.length > LARGEST_VALUE
    ? undefined
    : { revision: modRevision, key: Uint8Array.from(key), createRevision, version, digest: digestOf(event) };
}

/** Compares a sample with its key as it was at the revision of the sample; undefined for a key that did not exist then. */
export function compareThen(sample: EventSample, found: PutEvent | undefined): 'same' | 'different' {
  return found !== undefined && found.modRevision === sample.revision && isSameEvent(digestOf(found), sample.digest)
    ? 'same'
    : 'different';
}

/**
 * Compares a sample with its key as it is at a later revision. A key that was written again proves nothing, as long as it can have
 * grown out of the sample: it has more versions and the same beginning, or was deleted and made anew since.
 */
export function compareNow(sample: EventSample, found: PutEvent | undefined): ProofVerdict {
  if (found === undefined) {
    return 'unproven';
  }
  if (found.modRevision <= sample.revision) {
    return compareThen(sample, found);
  }
  if (found.createRevision > sample.revision) {
    return 'unproven';
  }
  const writes = found.version - sample.version;
  const hasGrown = writes > 0 && writes <= found.modRevision - sample.revision;
  return found.createRevision === sample.createRevision && hasGrown ? 'unproven' : 'different';
}
