import { type AccessPoints, accessPointCount } from '../compression/access-points.ts';
import { CHECK_INTERVAL, type WrittenMember } from '../compression/written-member.ts';
import { LEAST_CHECKED } from './check-table.ts';
import type { MemberTable } from './member-table.ts';
import { BLOCK_SIZE } from './page-table.ts';
import { LONGEST_VARINT, VarintReader, writeVarint } from './varint.ts';

/** The blocks of a table; none where no member has access points. Each begins with the bytes of a unit of distances. */
export function* accessPointBlocks(members: readonly WrittenMember[]): Generator<Uint8Array, void> {
  const written = members.map((member) => (isUsable(member) ? member.points : undefined));
  if (written.every((points) => points === undefined)) {
    return;
  }
  const block = new Uint8Array(BLOCK_SIZE);
  const start = writeVarint(block, 0, CHECK_INTERVAL);
  let at = start;
  for (const points of written) {
    const { distance, lengths } = points ?? { distance: 0, lengths: [] };
    if (at + (lengths.length + 1) * LONGEST_VARINT > BLOCK_SIZE) {
      yield block.subarray(0, at);
      at = start;
    }
    at = writeVarint(block, at, distance / CHECK_INTERVAL);
    for (const length of lengths) {
      at = writeVarint(block, at, length);
    }
  }
  yield block.subarray(0, at);
}

/** Whether what follows a point can be proved: there are checksums, one of them at each point. */
function isUsable({ length, points }: WrittenMember): boolean {
  return length >= LEAST_CHECKED && points !== undefined && points.distance % CHECK_INTERVAL === 0;
}

/** Reads {@link accessPointBlocks}, block after block. */
export class AccessPointTableReader {
  readonly #numbers: number[] = [];
  #unit = 0;

  /** Throws a RangeError for what is no block. */
  add(block: Uint8Array): void {
    const reader = new VarintReader(block);
    const unit = reader.number();
    if (unit === 0 || (this.#unit !== 0 && unit !== this.#unit)) {
      throw new RangeError(`access points in units of ${unit} bytes`);
    }
    this.#unit = unit;
    while (!reader.isAtEnd) {
      this.#numbers.push(reader.number());
    }
  }

  /** Empty where there was no block. Throws a RangeError unless these members can have such points. */
  table({ memberSize, offsets }: MemberTable, contentSize: number): AccessPointTable {
    const members = offsets.length - 1;
    const table: (AccessPoints | undefined)[] = [];
    let at = 0;
    for (let member = 0; member < members && this.#unit !== 0; member++) {
      const distance = (this.#numbers[at++] ?? Number.NaN) * this.#unit;
      const size = Math.min(memberSize, contentSize - member * memberSize);
      const count = distance === 0 ? 0 : accessPointCount(size, distance);
      const lengths = this.#numbers.slice(at, at + count);
      at += count;
      const [start = 0, end = 0] = offsets.slice(member, member + 2);
      if (!(lengths.length === count && lengths.reduce((sum, length) => sum + length, 0) < end - start)) {
        throw new RangeError(`access points each ${distance} bytes of a member of ${end - start}`);
      }
      table.push(count === 0 ? undefined : { distance, lengths });
    }
    if (at !== this.#numbers.length) {
      throw new RangeError(`${this.#numbers.length} numbers of access points where there must be ${at}`);
    }
    return table;
  }
}

/** The access points of each member of an object; undefined for one without. */
export type AccessPointTable = readonly (AccessPoints | undefined)[];
