import type { Logger } from '../../runtime/log/logger.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { noListener, type SnapshotterListener } from './events.ts';

/**
 * Notices deltas that another snapshotter writes below the same prefix. (A foreign full alone is no sign of one: compaction
 * writes such.)
 */
export class ConcurrentWriters {
  readonly #own = new Set<string>();
  readonly #listener: SnapshotterListener;
  readonly #log: Logger;
  /** Names of the deltas of the listing before. */
  #known: Set<string> | undefined;

  constructor({
    listener = noListener,
    log,
  }: {
    readonly listener?: SnapshotterListener | undefined;
    readonly log: Logger;
  }) {
    this.#listener = listener;
    this.#log = log;
  }

  /** The store, with everything that is saved through it counted as our own. */
  watched(store: SnapStore): SnapStore {
    const own = this.#own;
    return {
      get traits() {
        return store.traits;
      },
      location: store.location,
      ...(store.companions === undefined ? {} : { companions: store.companions }),
      ...(store.histories === undefined ? {} : { histories: store.histories }),
      list: (options) => store.list(options),
      fetch: (snapshot, options) => store.fetch(snapshot, options),
      abandonedUploads: async (options) => (await store.abandonedUploads?.(options)) ?? [],
      save: (snapshot, body, options) => {
        if (snapshot.kind === 'Incr') {
          own.add(snapshot.name);
        }
        return store.save(snapshot, body, options);
      },
      delete: (snapshot, options) => store.delete(snapshot, options),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  }

  /** Compares a listing with the one before, and warns loudly when deltas of another snapshotter have appeared. */
  compare(listing: readonly StoredSnapshot[]): void {
    const names = listing.filter(({ kind, chunk }) => kind === 'Incr' && chunk === undefined).map(({ name }) => name);
    const known = this.#known;
    this.#known = new Set(names);
    // What is gone from the store need not be remembered.
    for (const name of this.#own) {
      if (known?.has(name) === true && !this.#known.has(name)) {
        this.#own.delete(name);
      }
    }
    const foreign = known === undefined ? [] : names.filter((name) => !known.has(name) && !this.#own.has(name));
    if (foreign.length > 0) {
      this.#listener({ type: 'concurrent writer', names: foreign });
      this.#log.error(
        { objects: foreign.slice(0, 5), count: foreign.length },
        `ANOTHER SNAPSHOTTER writes to the same place: ${foreign[0]} is not ours. Stop one of the two`,
      );
    }
  }
}
