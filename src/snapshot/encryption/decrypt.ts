import { PieceReader } from '../../runtime/streams/piece-reader.ts';
import { EncryptionDamage } from '../damage.ts';
import { openChunks } from './age-chunks.ts';
import { readHeader } from './age-header.ts';
import type { KeyOpener } from './identities.ts';
import { NONCE_SIZE, payloadKey } from './payload-key.ts';

/**
 * Decrypts a whole object, an age file. Nothing is given that its writer did not encrypt, in this order; that it is all of it is known at the
 * end. Memory holds a MiB of it. Throws {@link EncryptionDamage} for damage, NoIdentityFits when the identities do not open it; errors of the source pass unchanged.
 */
export async function* decrypt(
  source: AsyncIterable<Uint8Array>,
  identities: Pick<KeyOpener, 'fileKey'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using pieces = new PieceReader(source);
  const { header, after } = await readHeader(pieces);
  const fileKey = await identities.fileKey(header);
  await using payload = new PieceReader(joined(after, pieces));
  const nonce = Buffer.alloc(NONCE_SIZE);
  if ((await payload.read(nonce, { start: 0, end: NONCE_SIZE })) < NONCE_SIZE) {
    throw new EncryptionDamage('the encrypted data ends too early', { offset: header.length });
  }
  yield* openChunks(payload, { key: payloadKey(fileKey, nonce), startsAt: header.length + NONCE_SIZE });
}

async function* joined(first: Uint8Array, rest: PieceReader): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest.rest();
}
