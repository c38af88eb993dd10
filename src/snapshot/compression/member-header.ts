/** Bytes of a gzip header without optional fields, as zlib writes it. */
const PLAIN_HEADER_SIZE = 10;

/** The flag of RFC 1952 that says that extra fields follow. */
const FEXTRA = 4;

/** Bytes of what is put in place of zlib's header: the same, and the extra field of the member's length. See docs/formats.md. */
export const MEMBER_HEADER_SIZE = 20;

/** How many bytes more that are than in zlib's header. */
export const ADDED_TO_HEADER = MEMBER_HEADER_SIZE - PLAIN_HEADER_SIZE;

/** Bytes of an empty block of deflate, a CRC-32 and a size: no member is shorter than its header and these. */
const LEAST_REST = 10;

/** Identifies the subfield: `EM` in ASCII, and its size of 4 bytes. */
const MEMBER_LENGTH = [0x45, 0x4d, 4, 0] as const;

/**
 * Gives a member that zlib made a header with the length of the whole member, from its first byte to its last. `pieces` are
 * the member; so are the pieces that are returned.
 */
export function withMemberLength(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const plain = Buffer.concat(pieces.slice(0, PLAIN_HEADER_SIZE), PLAIN_HEADER_SIZE);
  const header = Buffer.alloc(MEMBER_HEADER_SIZE);
  header.set(plain);
  header.writeUInt8(plain.readUInt8(3) | FEXTRA, 3);
  header.writeUInt16LE(MEMBER_LENGTH.length + 4, PLAIN_HEADER_SIZE);
  header.set(MEMBER_LENGTH, PLAIN_HEADER_SIZE + 2);
  header.writeUInt32LE(
    pieces.reduce((sum, piece) => sum + piece.length, ADDED_TO_HEADER),
    MEMBER_HEADER_SIZE - 4,
  );
  return [header, ...without(pieces, PLAIN_HEADER_SIZE)];
}

/**
 * The length of the member that begins with `header`, bytes; undefined when it does not say so in our way. Nothing proves that
 * it is true.
 */
export function memberLength(header: Buffer): number | undefined {
  if (
    header.length < MEMBER_HEADER_SIZE ||
    header.readUIntBE(0, 4) !== 0x1f8b0800 + FEXTRA ||
    header.readUInt16LE(PLAIN_HEADER_SIZE) < MEMBER_LENGTH.length + 4 ||
    !MEMBER_LENGTH.every((byte, at) => header[PLAIN_HEADER_SIZE + 2 + at] === byte)
  ) {
    return undefined;
  }
  const length = header.readUInt32LE(MEMBER_HEADER_SIZE - 4);
  return length < MEMBER_HEADER_SIZE + LEAST_REST ? undefined : length;
}

/** Bytes of an empty member without the data of its subfield. */
export const EMPTY_MEMBER_SIZE = MEMBER_HEADER_SIZE + 4 + LEAST_REST;

/** An empty final block of deflate, CRC-32 and size of nothing. */
const NOTHING = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** A subfield of the extra field of a member. */
export interface Subfield {
  /** Two ASCII letters. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** A member without contents, which states its length as the others do and carries one more subfield. See docs/formats.md. */
export function emptyMember({ id, data }: Subfield): Buffer {
  const member = Buffer.alloc(EMPTY_MEMBER_SIZE + data.length);
  member.writeUIntBE(0x1f8b0800 + FEXTRA, 0, 4);
  // The operating system is "unknown".
  member.writeUInt8(0xff, 9);
  member.writeUInt16LE(MEMBER_LENGTH.length + 4 + 4 + data.length, PLAIN_HEADER_SIZE);
  member.set(MEMBER_LENGTH, PLAIN_HEADER_SIZE + 2);
  member.writeUInt32LE(member.length, MEMBER_HEADER_SIZE - 4);
  member.write(id, MEMBER_HEADER_SIZE, 'latin1');
  member.writeUInt16LE(data.length, MEMBER_HEADER_SIZE + 2);
  member.set(data, MEMBER_HEADER_SIZE + 4);
  member.set(NOTHING, member.length - NOTHING.length);
  return member;
}

/** The data of a member that {@link emptyMember} made, a view; undefined when a byte of it other than the data is not as it writes it. */
export function dataOfEmptyMember(member: Buffer, id: string): Uint8Array | undefined {
  if (member.length < EMPTY_MEMBER_SIZE) {
    return undefined;
  }
  const data = member.subarray(MEMBER_HEADER_SIZE + 4, member.length - LEAST_REST);
  return data.length <= 0xffff - EMPTY_MEMBER_SIZE && emptyMember({ id, data }).equals(member) ? data : undefined;
}

/** The pieces without their first `size` bytes. zlib may have given even these in several pieces. */
function without(pieces: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  let left = size;
  return pieces.flatMap((piece) => {
    const cut = Math.min(left, piece.length);
    left -= cut;
    return cut === piece.length ? [] : [piece.subarray(cut)];
  });
}
