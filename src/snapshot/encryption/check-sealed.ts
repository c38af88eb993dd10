import { PieceReader } from '../../runtime/streams/piece-reader.ts';
import { EncryptionDamage } from '../damage.ts';
import { CHUNK_SIZE, TAG_SIZE } from './age-chunks.ts';
import { readHeader } from './age-header.ts';
import { NONCE_SIZE } from './payload-key.ts';

/**
 * Checks what can be checked of an encrypted object without an identity: that it begins as one, and can end where it ends. Throws {@link EncryptionDamage}; errors of the source pass unchanged.
 */
export async function checkSealed(source: AsyncIterable<Uint8Array>): Promise<void> {
  await using pieces = new PieceReader(source);
  const { header, after } = await readHeader(pieces);
  let size = after.length;
  for await (const bytes of pieces.rest()) {
    size += bytes.length;
  }
  const payload = size - NONCE_SIZE;
  const last = payload % (CHUNK_SIZE + TAG_SIZE);
  // The last chunk is whole, or has a byte at least; only an object without contents has an empty one.
  if (payload < TAG_SIZE || (last > 0 && last <= TAG_SIZE && payload !== TAG_SIZE)) {
    throw new EncryptionDamage('the encrypted data ends too early', { offset: header.length + size });
  }
}
