import { hash } from 'node:crypto';
import { crc32c, crc64 } from '../../checksum/running-crc.ts';

/** Digests of the bytes of one part. */
export interface PartDigests {
  readonly sha256?: Uint8Array;
  readonly md5?: Uint8Array;
  readonly crc32c?: bigint;
  /** As OSS has it (ECMA-182, reflected). */
  readonly crc64?: bigint;
}

/** The name of one. */
export type PartDigest = keyof PartDigests;

/** Makes the wanted digests. */
export function digestsOf(bytes: Uint8Array, wanted: readonly PartDigest[]): PartDigests {
  return Object.fromEntries(wanted.map((digest) => [digest, digestOf(bytes, digest)]));
}

function digestOf(bytes: Uint8Array, digest: PartDigest): Uint8Array | bigint {
  switch (digest) {
    case 'sha256':
    case 'md5':
      return hash(digest, bytes, 'buffer');
    case 'crc32c':
      return crc32c.of(bytes);
    case 'crc64':
      return crc64.of(bytes);
    default:
      return digest satisfies never;
  }
}
