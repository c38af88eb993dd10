import type { CallOptions } from '../snapstore/bucket.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/** What is asked at the last moment before an object becomes visible, or goes; each rejects when that may not be. */
export interface StorePermissions {
  mayPublish(options: CallOptions): Promise<void>;
  mayDelete(options: CallOptions): Promise<void>;
}

/** A store in which nothing becomes visible, and no snapshot goes, without permission. Reading is left as it is. */
export function guardedStore(store: SnapStore, { mayPublish, mayDelete }: StorePermissions): SnapStore {
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
            announce: async (marker, options) => {
              await mayPublish(options);
              await histories.announce(marker, options);
            },
            withdraw: async (marker, options) => {
              await mayDelete(options);
              await histories.withdraw(marker, options);
            },
            ...(histories.remove === undefined
              ? {}
              : {
                  remove: async (marker, options) => {
                    await mayDelete(options);
                    await histories.remove?.(marker, options);
                  },
                }),
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
    delete: async (snapshot, options) => {
      await mayDelete(options);
      await store.delete(snapshot, options);
    },
    abandonedUploads: async (options) => (await store.abandonedUploads?.(options)) ?? [],
    // It belongs to the caller that opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
