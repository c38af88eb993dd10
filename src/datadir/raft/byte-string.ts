/**
 * Bytes as a string of one character a byte. Such strings can be map keys, and `<` orders them as etcd orders keys.
 */
export function byteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
