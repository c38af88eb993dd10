import { Readable } from 'node:stream';
import { parseRelativeKey } from '../../../src/snapshot/name.ts';
import { compareInChainOrder } from '../../../src/snapshot/order.ts';
import type { SnapStore, StoredSnapshot } from '../../../src/snapstore/snapstore.ts';

/** An object of a {@link memorySnapStore}. */
export interface MemoryObject {
  /** Below the store's prefix, such as `v2/Full-00000000-00000058-1795251532.gz`. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A store that cannot be written to, over objects in memory. */
export function memorySnapStore(objects: readonly MemoryObject[]): SnapStore {
  const bytesByKey = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const refuse = (): Promise<never> => Promise.reject(new Error('this store is read-only'));
  return {
    traits: { maxParts: 1, minPartSize: 0, partsAreData: false, partDigests: [] },
    location: 'memory',
    list: () => Promise.resolve(listing(objects)),
    fetch: (snapshot, { range }) => {
      const bytes = bytesByKey.get(snapshot.key);
      return bytes === undefined
        ? Promise.reject(new Error(`no object ${snapshot.key}`))
        : Promise.resolve(Readable.from(pieces(bytes.subarray(range?.start, range?.end)), { objectMode: false }));
    },
    save: refuse,
    delete: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function listing(objects: readonly MemoryObject[]): {
  snapshots: readonly StoredSnapshot[];
  markers: readonly [];
  ignored: readonly string[];
} {
  const snapshots: StoredSnapshot[] = [];
  const ignored: string[] = [];
  for (const { key, bytes } of objects) {
    const parsed = parseRelativeKey(key);
    if (parsed.outcome === 'foreign') {
      ignored.push(key);
    } else {
      snapshots.push({ ...parsed.snapshot, key, size: bytes.length });
    }
  }
  return { snapshots: snapshots.toSorted(compareInChainOrder), markers: [], ignored };
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let start = 0; start < bytes.length; start += 64 * 1024) {
    yield bytes.subarray(start, start + 64 * 1024);
  }
}
