import { hash } from 'node:crypto';
import { crc32c } from '../../checksum/crc32c.ts';
import { crc64 } from '../../checksum/crc64.ts';

/** Digests of the bytes of one part. */
export interface PartDigests {
  readonly sha256?: Uint8Array;
  readonly md5?: Uint8Array;
  readonly crc32c?: number;
  /** As OSS has it (ECMA-182, reflected). */
  readonly crc64?: bigint;
}

/** The name of a digest. */
export type PartDigest = keyof PartDigests;

/** Computes the wanted digests. */
export function digestsOf(bytes: Uint8Array, wanted: readonly PartDigest[]): PartDigests {
  return Object.fromEntries(wanted.map((digest) => [digest, digestOf(bytes, digest)]));
}

function digestOf(bytes: Uint8Array, digest: PartDigest): Uint8Array | number | bigint {
  switch (digest) {
    case 'sha256':
    case 'md5':
      return hash(digest, bytes, 'buffer');
    case 'crc32c':
      return crc32c(0, bytes);
    case 'crc64':
      return crc64(bytes);
    default:
      return digest satisfies never;
  }
}

/** A CRC-32C as stores write it: big endian, base64. */
export function formatCrc32c(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
