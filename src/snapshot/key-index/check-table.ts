import { CHECK_INTERVAL, checkCount, type WrittenMember } from '../compression/written-member.ts';
import type { MemberTable } from './member-table.ts';
import { BLOCK_SIZE } from './page-table.ts';
import { VarintReader, writeVarint } from './varint.ts';

/** Shorter members have no checksums in the table: they are read as a whole, bytes. */
export const LEAST_CHECKED = 16 * 1024;

const CHECK_SIZE = 4;

/** What the contents of a member are checked by up to a place in them. */
export interface ContentCheck {
  /** Bytes of the contents. */
  readonly end: number;
  /** CRC-32 of these. */
  readonly checksum: number;
}

/** The blocks of a table: each begins with the distance of the checksums in bytes, then they come, member by member. */
export function* checkBlocks(members: readonly WrittenMember[]): Generator<Uint8Array, void> {
  const block = Buffer.alloc(BLOCK_SIZE);
  const start = writeVarint(block, 0, CHECK_INTERVAL);
  let at = start;
  for (const { length, checks } of members) {
    if (length < LEAST_CHECKED) {
      continue;
    }
    for (const check of checks) {
      if (at + CHECK_SIZE > BLOCK_SIZE) {
        yield block.subarray(0, at);
        at = start;
      }
      at = block.writeUInt32LE(check, at);
    }
  }
  if (at > start) {
    yield block.subarray(0, at);
  }
}

/** Reads {@link checkBlocks}, block after block. */
export class CheckTableReader {
  readonly #checks: number[] = [];
  #interval = 0;

  /** Throws a RangeError for what is no block. */
  add(block: Uint8Array): void {
    const reader = new VarintReader(block);
    const interval = reader.number();
    if (interval === 0 || (this.#interval !== 0 && interval !== this.#interval)) {
      throw new RangeError(`checksums each ${interval} bytes`);
    }
    this.#interval = interval;
    while (!reader.isAtEnd) {
      this.#checks.push(reader.fixed(CHECK_SIZE));
    }
  }

  /** Undefined where there was no block. Throws a RangeError unless these members have so many checksums. */
  table(members: MemberTable, contentSize: number): CheckTable | undefined {
    if (this.#interval === 0) {
      return undefined;
    }
    const { memberSize, offsets } = members;
    const firsts: number[] = [];
    let count = 0;
    for (let member = 0; member + 1 < offsets.length; member++) {
      firsts.push(count);
      const [start = 0, end = 0] = offsets.slice(member, member + 2);
      const size = Math.min(memberSize, contentSize - member * memberSize);
      count += end - start < LEAST_CHECKED ? 0 : checkCount(size, this.#interval);
    }
    if (count !== this.#checks.length) {
      throw new RangeError(`${this.#checks.length} checksums where there must be ${count}`);
    }
    return new CheckTable({ interval: this.#interval, checks: this.#checks, firsts: [...firsts, count] });
  }
}

/** The checksums of what members hold up to places in them. */
export class CheckTable {
  readonly #interval: number;
  readonly #checks: readonly number[];
  /** Where those of each member begin, and where the last ones end. */
  readonly #firsts: readonly number[];

  constructor(table: {
    readonly interval: number;
    readonly checks: readonly number[];
    readonly firsts: readonly number[];
  }) {
    this.#interval = table.interval;
    this.#checks = table.checks;
    this.#firsts = table.firsts;
  }

  /** The first check of a member's contents that covers their first `end` bytes; undefined where only its own checksum does. */
  covering(member: number, end: number): ContentCheck | undefined {
    const [first = 0, next = 0] = this.#firsts.slice(member, member + 2);
    const at = Math.max(0, Math.ceil(end / this.#interval) - 1);
    const checksum = first + at < next ? this.#checks[first + at] : undefined;
    return checksum === undefined ? undefined : { end: (at + 1) * this.#interval, checksum };
  }
}
