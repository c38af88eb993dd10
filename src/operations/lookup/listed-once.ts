import type { SnapStore, StoreListing } from '../../snapstore/snapstore.ts';

/** A store whose snapshots are listed once, for work that reads several states of it: all are of one moment. Disposing closes nothing. */
export function listedOnce(store: SnapStore): SnapStore {
  let listing: Promise<StoreListing> | undefined;
  const { whyEmpty, directory, fileKey } = store;
  return {
    traits: store.traits,
    location: store.location,
    directory,
    fileKey,
    list: (options) => {
      listing ??= store.list(options);
      return listing;
    },
    ...(whyEmpty === undefined ? {} : { whyEmpty: whyEmpty.bind(store) }),
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    save: (snapshot, body, options) => store.save(snapshot, body, options),
    delete: (snapshot, options) => store.delete(snapshot, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
