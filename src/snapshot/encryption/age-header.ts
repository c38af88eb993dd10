import { limits } from '../../runtime/limits.ts';
import type { PieceReader } from '../../runtime/streams/piece-reader.ts';
import { EncryptionDamage } from '../damage.ts';

/** How every age file begins. */
export const AGE_VERSION_LINE = 'age-encryption.org/v1\n';

/** The line that ends a header: `---`, a space and 32 bytes in base64. */
const LAST_LINE = /\n--- [A-Za-z0-9+/]{43}\n/;

/** Bytes that are read at a time: more than most headers have. */
const STEP = 1024;

/** The header of an age file, with its last line, and what was read after it. */
export interface ReadHeader {
  readonly header: Buffer;
  readonly after: Buffer;
}

/** Reads the header of an age file. Throws {@link EncryptionDamage} where there is none. */
export async function readHeader(reader: PieceReader): Promise<ReadHeader> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const step = Buffer.allocUnsafe(STEP);
    const read = await reader.read(step, { start: 0, end: STEP });
    bytes = Buffer.concat([bytes, step.subarray(0, read)]);
    const begun = bytes.toString('latin1', 0, AGE_VERSION_LINE.length);
    if (begun !== AGE_VERSION_LINE.slice(0, begun.length)) {
      throw new EncryptionDamage('the encrypted data does not begin as age does');
    }
    const end = headerEnd(bytes);
    if (end !== undefined) {
      return { header: bytes.subarray(0, end), after: bytes.subarray(end) };
    }
    if (read < STEP) {
      throw new EncryptionDamage('the encrypted data ends too early', { offset: bytes.length });
    }
    if (bytes.length > limits.ageHeader.most) {
      throw new EncryptionDamage('the header of the encrypted data does not end');
    }
  }
}

/** Bytes of the header that `bytes` begin with; undefined when it does not end there. */
export function headerEnd(bytes: Buffer): number | undefined {
  const match = LAST_LINE.exec(bytes.toString('latin1'));
  return match === null ? undefined : match.index + match[0].length;
}
