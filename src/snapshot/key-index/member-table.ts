import { limits } from '../../runtime/limits.ts';
import { storedSizeBound } from '../compression/size-bound.ts';
import { BLOCK_SIZE } from './page-table.ts';
import { LONGEST_VARINT, VarintReader, writeVarint } from './varint.ts';

/** Where the members of an object begin and end. */
export interface MemberTable {
  /** Bytes that each member but the last holds. */
  readonly memberSize: number;
  /** Where each begins in the object, and where the last one ends, bytes. */
  readonly offsets: readonly number[];
}

/** The blocks of a table: each begins with the bytes of a member's contents, then come the lengths of the members, bytes. */
export function* memberBlocks(memberSize: number, lengths: readonly number[]): Generator<Uint8Array, void> {
  const block = new Uint8Array(BLOCK_SIZE);
  let at = writeVarint(block, 0, memberSize);
  for (const length of lengths) {
    at = writeVarint(block, at, length);
    if (at + LONGEST_VARINT > BLOCK_SIZE) {
      yield block.subarray(0, at);
      at = writeVarint(block, 0, memberSize);
    }
  }
  yield block.subarray(0, at);
}

/** Reads {@link memberBlocks}, block after block. */
export class MemberTableReader {
  readonly #offsets: number[] = [0];
  #memberSize = 0;

  /** Throws a RangeError for what is no block, and for members that are too large to be held in memory. */
  add(block: Uint8Array): void {
    const reader = new VarintReader(block);
    const memberSize = reader.number();
    const isOther = this.#memberSize !== 0 && memberSize !== this.#memberSize;
    if (memberSize === 0 || isOther || memberSize > limits.indexedMember.most) {
      throw new RangeError(`members of ${memberSize} bytes`);
    }
    this.#memberSize = memberSize;
    const longest = storedSizeBound(memberSize, 'gzip');
    while (!reader.isAtEnd) {
      const length = reader.number();
      if (length > longest) {
        throw new RangeError(`${length} bytes for a member of ${memberSize}`);
      }
      this.#offsets.push((this.#offsets.at(-1) ?? 0) + length);
    }
  }

  /** Throws a RangeError unless the members have so many bytes, and hold so many. */
  table({ objectSize, contentSize }: { readonly objectSize: number; readonly contentSize: number }): MemberTable {
    const members = this.#offsets.length - 1;
    if (this.#offsets.at(-1) !== objectSize || members !== Math.ceil(contentSize / this.#memberSize)) {
      throw new RangeError(`${members} members of ${this.#memberSize} bytes`);
    }
    return { memberSize: this.#memberSize, offsets: this.#offsets };
  }
}
