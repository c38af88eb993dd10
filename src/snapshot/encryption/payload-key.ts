import { hkdfSync } from 'node:crypto';

/** Bytes of the random value after the header, which makes the key of the payload another one each time. */
export const NONCE_SIZE = 16;

/** The key of the payload: HKDF-SHA-256 of the key of the file, with the nonce as its salt. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}
