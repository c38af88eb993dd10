import { Failure } from '../../../runtime/failure.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import type { CallOptions } from '../../../snapstore/bucket.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';

/** What a {@link keptToLivingHistory} asks of the run. */
export interface FollowedChain {
  /** The newest full of the chain that is continued; undefined before the first one. */
  readonly full: () => StoredSnapshot | undefined;
  /** Whether the history that was followed is being left by the run itself. */
  readonly isLeaving: () => boolean;
}

/**
 * The store, in which nothing is published that would continue a chain which another writer has left: where the marker of a new
 * history appeared that leaves the chain of this run, a later delta of it would count as part of a history that it does not belong
 * to. Saving then fails with a Failure `history_taken_over`. Costs a listing of the markers for each save.
 */
export function keptToLivingHistory(store: SnapStore, followed: FollowedChain): SnapStore {
  const { histories } = store;
  if (histories?.names === undefined) {
    return store;
  }
  const namesNow = histories.names.bind(histories);
  /** The markers that are known to leave the chain of the run as it is. */
  let known: ReadonlySet<string> = new Set();
  const check = async (options: CallOptions): Promise<void> => {
    const names = await namesNow(options);
    const added = names.filter((name) => !known.has(name));
    const full = followed.full();
    if (added.length > 0 && full !== undefined && !followed.isLeaving()) {
      const { snapshots, markers } = await store.list(options);
      if (!historiesOf(snapshots, markers).living.snapshots.some(({ key }) => key === full.key)) {
        throw takenOver(store.location, added);
      }
    }
    known = new Set(names);
  };
  return {
    get traits() {
      return store.traits;
    },
    location: store.location,
    ...(store.companions === undefined ? {} : { companions: store.companions }),
    histories,
    list: (options) => store.list(options),
    fetch: (snapshot, options) => store.fetch(snapshot, options),
    abandonedUploads: async (options) => (await store.abandonedUploads?.(options)) ?? [],
    save: (snapshot, body, options) => {
      const mayPublish = async (call: CallOptions): Promise<void> => {
        await check(call);
        await options.mayPublish?.(call);
      };
      return store.save(snapshot, body, { ...options, mayPublish });
    },
    delete: (snapshot, options) => store.delete(snapshot, options),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function takenOver(location: string, markers: readonly string[]): Failure {
  return new Failure({
    code: 'history_taken_over',
    action: 'continue the backup in',
    object: location,
    found: `another writer has begun a new history there, as ${markers.at(-1)} says, and this run's chain is not part of it`,
    remedy: 'give each cluster a --store-prefix of its own; when both back up one cluster, start one of them again',
  });
}
