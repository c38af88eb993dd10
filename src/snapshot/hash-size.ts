/** Bytes of the SHA-256 that ends every full and every delta. */
export const HASH_SIZE = 32;

/** Every bbolt file is a multiple of this many bytes. */
export const SECTOR_SIZE = 512;

/** Whether an object of `size` bytes is a database with a hash after it, right or wrong. etcd decides it by the size, too. */
export function endsWithHash(size: number): boolean {
  return size % SECTOR_SIZE === HASH_SIZE;
}
