import { crc32 } from 'node:zlib';
import type { IndexFraming } from './index-framing.ts';

/** What a block of an index holds: see docs/formats.md. */
export type BlockKind = 'pages' | 'members' | 'checks' | 'points' | 'facts' | 'filter' | 'revisions';

const KINDS: Readonly<Record<BlockKind, number>> = {
  pages: 0x50,
  members: 0x4d,
  checks: 0x43,
  points: 0x41,
  facts: 0x46,
  filter: 0x4b,
  revisions: 0x52,
};

/** Subfields of the members that carry a block, and of the last one. */
const BLOCK_ID = 'EI';
const FOOTER_ID = 'EF';

/** Kind, number and CRC-32 of a block. */
const BLOCK_HEADER_SIZE = 9;
const FOOTER_DATA_SIZE = 32;
const VERSION = 1;
const WORD = 2 ** 32;

/** Bytes of the part that ends an object with an index. */
export function footerSize({ overhead }: IndexFraming): number {
  return overhead + FOOTER_DATA_SIZE;
}

/** Most bytes of a member with a block. */
const LONGEST_MEMBER = 65_600;

/** What the end of an object says about its index. */
export interface IndexFooter {
  /** Bytes from the first member of the index up to the end of the object. */
  readonly size: number;
  /** Bytes of the contents of the object. */
  readonly contentSize: number;
  readonly blocks: number;
  /** CRC-32 over those of the blocks, in order. */
  readonly checksum: number;
}

/** A block of an index. */
export interface IndexBlock {
  readonly kind: BlockKind;
  /** Valid until the next block is asked for. */
  readonly payload: Uint8Array;
}

/** An index is not what it must be: nothing is known then, but the contents of the object may be sound. */
export class IndexDamage extends Error {}

/** Makes the parts of an index, one after the other: members of gzip, or frames of zstd. */
export class IndexMembers {
  readonly #framing: IndexFraming;
  #blocks = 0;
  #checksum = 0;
  #size = 0;

  constructor(framing: IndexFraming) {
    this.#framing = framing;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  block(kind: BlockKind, payload: Uint8Array): Uint8Array {
    const data = Buffer.alloc(BLOCK_HEADER_SIZE + payload.length);
    data.writeUInt8(KINDS[kind], 0);
    data.writeUInt32LE(this.#blocks, 1);
    data.set(payload, BLOCK_HEADER_SIZE);
    const checksum = blockChecksum(data);
    data.writeUInt32LE(checksum, 5);
    this.#blocks += 1;
    this.#checksum = chained(this.#checksum, checksum);
    const member = this.#framing.wrap({ id: BLOCK_ID, data });
    this.#size += member.length;
    return member;
  }

  /** The last member. */
  footer({ contentSize }: Pick<IndexFooter, 'contentSize'>): Uint8Array {
    this.#size += footerSize(this.#framing);
    const data = Buffer.alloc(FOOTER_DATA_SIZE);
    data.writeUInt8(VERSION, 0);
    writeLong(data, 4, this.#size);
    writeLong(data, 12, contentSize);
    data.writeUInt32LE(this.#blocks, 20);
    data.writeUInt32LE(this.#checksum, 24);
    data.writeUInt32LE(crc32(data.subarray(0, FOOTER_DATA_SIZE - 4)), FOOTER_DATA_SIZE - 4);
    return this.#framing.wrap({ id: FOOTER_ID, data });
  }
}

/**
 * The footer at the end of an object, whose last bytes are `tail`; undefined when there is none. Throws {@link IndexDamage} for one
 * that is not sound.
 */
export function indexFooter(tail: Buffer, objectSize: number, framing: IndexFraming): IndexFooter | undefined {
  const member = tail.subarray(-footerSize(framing));
  const data = framing.unwrap(member, FOOTER_ID);
  if (data === undefined || data.length !== FOOTER_DATA_SIZE) {
    if (member.length === footerSize(framing) && resemblesFooter(member, framing)) {
      throw new IndexDamage('its last member is not sound');
    }
    return undefined;
  }
  const fields = Buffer.from(data);
  if (fields.readUInt32LE(FOOTER_DATA_SIZE - 4) !== crc32(fields.subarray(0, FOOTER_DATA_SIZE - 4))) {
    throw new IndexDamage('the checksum of its last member does not fit');
  }
  if (fields.readUInt8(0) !== VERSION) {
    return undefined;
  }
  const size = readLong(fields, 4);
  if (size > objectSize) {
    throw new IndexDamage('it would begin before the object');
  }
  return {
    size,
    contentSize: readLong(fields, 12),
    blocks: fields.readUInt32LE(20),
    checksum: fields.readUInt32LE(24),
  };
}

/**
 * The blocks of an index, whose members come in pieces of any size, the footer left out. What they hold may be used after the last one
 * has come. Throws {@link IndexDamage}.
 */
export async function* indexBlocks(
  source: AsyncIterable<Uint8Array>,
  footer: IndexFooter,
  framing: IndexFraming,
): AsyncGenerator<IndexBlock, void> {
  let blocks = 0;
  let checksum = 0;
  for await (const member of wholeMembers(source, framing)) {
    const block = readBlock(member, framing);
    if (block === undefined || block.number !== blocks) {
      throw new IndexDamage(`its block ${blocks} is not sound`);
    }
    blocks += 1;
    checksum = chained(checksum, block.checksum);
    if (block.kind !== undefined) {
      yield { kind: block.kind, payload: block.payload };
    }
  }
  if (blocks !== footer.blocks || checksum !== footer.checksum) {
    throw new IndexDamage('its blocks are not those that its last member counts');
  }
}

/** The last block of an index, when all of it is at the end of `bytes`, which the footer follows. Throws {@link IndexDamage}. */
export function lastBlock(bytes: Buffer, footer: IndexFooter, framing: IndexFraming): IndexBlock | undefined {
  for (let at = bytes.length; ; ) {
    at = bytes.lastIndexOf(framing.start, at - 1);
    if (at < 0) {
      throw new IndexDamage('its last block is not sound, or long');
    }
    const part = bytes.subarray(at);
    const block = framing.lengthOf(part) === part.length ? readBlock(part, framing) : undefined;
    if (block !== undefined && block.number === footer.blocks - 1) {
      return block.kind === undefined ? undefined : { kind: block.kind, payload: block.payload };
    }
    if (at === 0) {
      throw new IndexDamage('its last block is not sound, or long');
    }
  }
}

interface ReadBlock {
  /** Undefined for one that this version does not know. */
  readonly kind: BlockKind | undefined;
  readonly number: number;
  readonly checksum: number;
  readonly payload: Buffer;
}

/** The block in a member; undefined when it is not sound. */
function readBlock(member: Buffer, framing: IndexFraming): ReadBlock | undefined {
  const data = framing.unwrap(member, BLOCK_ID);
  if (data === undefined || data.length < BLOCK_HEADER_SIZE) {
    return undefined;
  }
  const fields = Buffer.from(data.buffer, data.byteOffset, data.length);
  const checksum = fields.readUInt32LE(5);
  if (checksum !== blockChecksum(fields)) {
    return undefined;
  }
  const payload = fields.subarray(BLOCK_HEADER_SIZE);
  return { kind: kindOf(fields.readUInt8(0)), number: fields.readUInt32LE(1), checksum, payload };
}

async function* wholeMembers(source: AsyncIterable<Uint8Array>, framing: IndexFraming): AsyncGenerator<Buffer, void> {
  let rest = Buffer.alloc(0);
  for await (const piece of source) {
    rest = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    const lengthOf = (bytes: Buffer): number | undefined => lengthOfPart(bytes, framing);
    for (let length = lengthOf(rest); length !== undefined && rest.length >= length; length = lengthOf(rest)) {
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
  }
  if (rest.length > 0) {
    throw new IndexDamage('it ends within a member');
  }
}

/** The length of the member that begins here; undefined when more bytes are needed. */
function lengthOfPart(bytes: Buffer, framing: IndexFraming): number | undefined {
  if (bytes.length < framing.overhead) {
    return undefined;
  }
  const length = framing.lengthOf(bytes);
  if (length === undefined || length > LONGEST_MEMBER) {
    throw new IndexDamage('a member of it has no length');
  }
  return length;
}

/** Whether most bytes that are the same in every footer are there. */
function resemblesFooter(member: Buffer, framing: IndexFraming): boolean {
  const [one, other] = [0, 0xff].map((byte) =>
    framing.wrap({ id: FOOTER_ID, data: new Uint8Array(FOOTER_DATA_SIZE).fill(byte) }),
  );
  const places = [...member.keys()].filter((at) => one?.[at] === other?.[at]);
  return places.filter((at) => one?.[at] !== member[at]).length <= Math.min(4, places.length / 4);
}

function kindOf(byte: number): BlockKind | undefined {
  return (Object.keys(KINDS) as BlockKind[]).find((kind) => KINDS[kind] === byte);
}

/** Over kind, number and payload. */
function blockChecksum(data: Buffer): number {
  return crc32(data.subarray(BLOCK_HEADER_SIZE), crc32(data.subarray(0, 5)));
}

function chained(checksum: number, next: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(next);
  return crc32(bytes, checksum);
}

function writeLong(target: Buffer, at: number, value: number): void {
  target.writeUInt32LE(value % WORD, at);
  target.writeUInt32LE(Math.floor(value / WORD), at + 4);
}

function readLong(source: Buffer, at: number): number {
  return source.readUInt32LE(at + 4) * WORD + source.readUInt32LE(at);
}
