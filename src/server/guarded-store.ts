import type { CallOptions } from '../snapstore/bucket.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/**
 * A store in which nothing becomes visible without permission: `mayPublish` is asked at the last moment before each object, and
 * rejects when it may not. Reading and deleting is left as it is.
 */
export function guardedStore(store: SnapStore, mayPublish: (options: CallOptions) => Promise<void>): SnapStore {
  const { histories } = store;
  return {
    get traits() {
      return store.traits;
    },
    location: store.location,
    ...(store.companions === undefined ? {} : { companions: store.companions }),
    ...(histories === undefined
      ? {}
      : {
          histories: {
            save: async (marker, options) => {
              await mayPublish(options);
              await histories.save(marker, options);
            },
            ...(histories.names === undefined ? {} : { names: histories.names.bind(histories) }),
          },
        }),
    list: (options) => store.list(options),
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    save: (snapshot, body, options) => {
      const permitted = async (call: CallOptions): Promise<void> => {
        await options.mayPublish?.(call);
        await mayPublish(call);
      };
      return store.save(snapshot, body, { ...options, mayPublish: permitted });
    },
    delete: (snapshot, options) => store.delete(snapshot, options),
    abandonedUploads: async (options) => (await store.abandonedUploads?.(options)) ?? [],
    // It belongs to who has opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
