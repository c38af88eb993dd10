import type { IndexFraming } from './index-framing.ts';
import { IndexMembers } from './index-members.ts';
import type { KeyFilter } from './key-filter.ts';
import { LONGEST_VARINT, VarintReader, writeVarint } from './varint.ts';

/** The revisions of the first and the last event of a delta. */
export interface DeltaRevisions {
  readonly firstRevision: number;
  readonly lastRevision: number;
}

/** What follows the contents of a delta and says which keys it may hold: see docs/formats.md. */
export function deltaIndex(
  { keys, firstRevision, lastRevision }: DeltaRevisions & { readonly keys: KeyFilter },
  { contentSize, framing }: { readonly contentSize: number; readonly framing: IndexFraming },
): Uint8Array {
  const members = new IndexMembers(framing);
  const revisions = Buffer.alloc(2 * LONGEST_VARINT);
  const end = writeVarint(revisions, writeVarint(revisions, 0, firstRevision), lastRevision);
  const blocks = [
    members.block('revisions', revisions.subarray(0, end)),
    ...Array.from(keys.blocks(), (block) => members.block('filter', block)),
  ];
  return Buffer.concat([...blocks, members.footer({ contentSize })]);
}

/** The revisions in a block of an index. Throws a RangeError for what is no such block. */
export function decodeRevisions(block: Uint8Array): DeltaRevisions {
  const reader = new VarintReader(block);
  const revisions = { firstRevision: reader.number(), lastRevision: reader.number() };
  if (!reader.isAtEnd) {
    throw new RangeError('something follows the revisions');
  }
  return revisions;
}
