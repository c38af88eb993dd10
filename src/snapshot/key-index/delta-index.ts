import { IndexMembers } from './index-members.ts';
import type { KeyFilter } from './key-filter.ts';

/** The members that follow those of a gzip delta and say which keys it may hold: see docs/formats.md. */
export function deltaIndex(keys: KeyFilter, { contentSize }: { readonly contentSize: number }): Uint8Array {
  const members = new IndexMembers();
  const blocks = Array.from(keys.blocks(), (block) => members.block('filter', block));
  return Buffer.concat([...blocks, members.footer({ contentSize })]);
}
