import { createHash } from 'node:crypto';
import { fetchWhole } from '../../objects/fetch.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { decompress } from '../../snapshot/compression.ts';
import type { RevisionRange } from '../../snapshot/cover.ts';
import { DeltaDecoder } from '../../snapshot/delta/delta-decoder.ts';
import type { EventRow } from '../../snapshot/delta/event-row.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** Bytes of a SHA-256 that distinguish events; a number holds so many. */
const DIGEST_BYTES = 6;
const MODULUS = 2 ** (8 * DIGEST_BYTES);

/** The digest of the events of one revision; equal for equal events in any order. */
export type RevisionDigest = number;

/** An event before its row is overwritten. */
export type EventHandler = (row: Readonly<EventRow>) => void;

/**
 * The digests of the revisions of a delta. Its hash is checked. Throws SnapshotDamage and what the store throws.
 */
export async function revisionDigests(
  source: { readonly store: SnapStore; readonly delta: StoredSnapshot },
  context: RunContext,
): Promise<ReadonlyMap<number, RevisionDigest>> {
  const { store, delta } = source;
  return await fetchWhole(store, delta, context, async (body) => {
    const digests = new Map<number, RevisionDigest>();
    await eachEvent(decompress(body, delta.compression), context, (row) => {
      digests.set(row.modRevision, ((digests.get(row.modRevision) ?? 0) + digestOf(row)) % MODULUS);
    });
    return digests;
  });
}

/** Reads the events of an expanded delta and checks its hash. Throws SnapshotDamage. */
export async function eachEvent(
  body: AsyncIterable<Uint8Array>,
  { signal }: Pick<RunContext, 'signal'>,
  handle: EventHandler,
): Promise<void> {
  const decoder = new DeltaDecoder();
  const take = (): void => {
    for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
      handle(row);
    }
  };
  for await (const bytes of body) {
    signal.throwIfAborted();
    decoder.feed(bytes);
    take();
  }
  decoder.end();
  take();
}

/** The first revision of a range that two deltas hold differently; undefined when they agree. */
export function firstDifference(
  one: ReadonlyMap<number, RevisionDigest>,
  other: ReadonlyMap<number, RevisionDigest>,
  { from, to }: RevisionRange,
): number | undefined {
  const inRange = (revision: number): boolean => revision >= from && revision <= to;
  let first: number | undefined;
  for (const [here, there] of [
    [one, other],
    [other, one],
  ] as const) {
    for (const [revision, digest] of here) {
      if (inRange(revision) && there.get(revision) !== digest && (first === undefined || revision < first)) {
        first = revision;
      }
    }
  }
  return first;
}

/** Of an event: its kind, key, create revision, version, lease and value. */
function digestOf(row: Readonly<EventRow>): RevisionDigest {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, isDelete } = row;
  const facts = isDelete ? '-' : `${row.createRevision},${row.version},${row.lease}`;
  return createHash('sha256')
    .update(`${facts},${keyEnd - keyStart};`)
    .update(bytes.subarray(keyStart, keyEnd))
    .update(isDelete ? '' : bytes.subarray(valueStart, valueEnd))
    .digest()
    .readUIntBE(0, DIGEST_BYTES);
}
