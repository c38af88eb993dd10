import { Readable } from 'node:stream';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';

/** A moment of a run at which its store can hold it. */
export type HoldingPoint = 'before the listing' | 'before the full' | 'inside the full' | 'before a delta';

/** A store that stops a run at one point until it is let go. */
export interface HeldBackStore {
  readonly store: SnapStore;
  /** Resolves when a run has arrived at the point. */
  readonly arrived: Promise<void>;
  letGo(): void;
}

/** `store`, which holds whoever uses it at `point`. */
export function holdBack(store: SnapStore, point: HoldingPoint): HeldBackStore {
  const arrived = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const wait = async (): Promise<void> => {
    arrived.resolve();
    await go.promise;
  };
  return {
    arrived: arrived.promise,
    letGo: () => go.resolve(),
    store: {
      ...store,
      list: async (options) => {
        if (point === 'before the listing') {
          await wait();
        }
        return await store.list(options);
      },
      fetch: async (snapshot, options) => {
        const isFull = snapshot.kind === 'Full';
        if (point === (isFull ? 'before the full' : 'before a delta')) {
          await wait();
        }
        const body = await store.fetch(snapshot, options);
        return isFull && point === 'inside the full' ? Readable.from(holding(body, wait), { objectMode: false }) : body;
      },
    },
  };
}

/** A few bytes, then the rest once `wait` is over. */
async function* holding(body: Readable, wait: () => Promise<void>): AsyncGenerator<Uint8Array, void> {
  let waited = false;
  for await (const bytes of body as AsyncIterable<Uint8Array>) {
    if (waited) {
      yield bytes;
      continue;
    }
    yield bytes.subarray(0, 100);
    await wait();
    waited = true;
    yield bytes.subarray(100);
  }
}
