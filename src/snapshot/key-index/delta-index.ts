import type { IndexFraming } from './index-framing.ts';
import { IndexMembers } from './index-members.ts';
import type { KeyFilter } from './key-filter.ts';

/** What follows the contents of a delta and says which keys it may hold: see docs/formats.md. */
export function deltaIndex(
  keys: KeyFilter,
  { contentSize, framing }: { readonly contentSize: number; readonly framing: IndexFraming },
): Uint8Array {
  const members = new IndexMembers(framing);
  const blocks = Array.from(keys.blocks(), (block) => members.block('filter', block));
  return Buffer.concat([...blocks, members.footer({ contentSize })]);
}
