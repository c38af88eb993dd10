import { randomBytes } from 'node:crypto';
import { CHUNK_SIZE, sealChunks, TAG_SIZE } from './age-chunks.ts';
import { NONCE_SIZE, payloadKey } from './payload-key.ts';
import type { Recipients } from './recipients.ts';

/** Most bytes of the lines of a header that do not depend on the number of recipients. */
const headerBase = 128;

/** Most bytes that a recipient adds to a header: recipients that resist quantum computers need much more than others. */
const perRecipient = 2048;

/**
 * Encrypts a whole object as an age file, with a key of its own. A piece of `source` may be overwritten once the next one is asked
 * for. Errors of the source pass unchanged.
 */
export async function* encrypt(
  source: AsyncIterable<Uint8Array>,
  recipients: Recipients,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, fileKey } = await recipients.newHeader();
  const nonce = randomBytes(NONCE_SIZE);
  yield Buffer.concat([header, nonce]);
  yield* sealChunks(source, payloadKey(fileKey, nonce));
}

/** The most bytes that `size` bytes become when they are encrypted to `recipients`. */
export function encryptedSizeBound(size: number, recipients: Recipients): number {
  const chunks = Math.max(1, Math.ceil(size / CHUNK_SIZE));
  return size + chunks * TAG_SIZE + NONCE_SIZE + headerBase + recipients.texts.length * perRecipient;
}
