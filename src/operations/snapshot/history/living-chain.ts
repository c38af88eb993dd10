import { Failure } from '../../../runtime/failure.ts';
import { historiesOf } from '../../../snapshot/history/histories.ts';
import { beganOn, beginsHistory, type StoreMarker } from '../../../snapshot/history/history-marker.ts';
import type { CallOptions } from '../../../snapstore/bucket.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import type { StoredChain } from '../stored-chain.ts';

/** What a {@link keptToLivingHistory} asks of the run. */
export interface FollowedChain {
  /** The newest full of the chain that is continued, undefined before the first one, and its deltas. */
  readonly chain: () => StoredChain;
  /** Names of the fulls that the run has written. */
  readonly writtenFulls: () => ReadonlySet<string>;
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
  /** The markers that are known to leave the chain of the run as it is; before its first full those that it found at its start. */
  let known: ReadonlySet<string> | undefined;
  /** Undefined for a run that may only write: it could never list, and goes on without comparing. */
  const namesToAsk = async (options: CallOptions): Promise<readonly string[] | undefined> => {
    try {
      return await namesNow(options);
    } catch (error) {
      if (known === undefined && error instanceof StoreError && error.kind === 'denied') {
        return undefined;
      }
      throw error;
    }
  };
  const check = async (options: CallOptions): Promise<void> => {
    const names = await namesToAsk(options);
    if (names === undefined) {
      return;
    }
    const added = names.filter((name) => known?.has(name) !== true);
    const { full, deltas } = followed.chain();
    if (known !== undefined && full === undefined && !followed.isLeaving()) {
      // What has appeared since the start may have begun after the full that is being saved: its first delta asks.
      return;
    }
    if (added.length > 0 && full !== undefined && !followed.isLeaving()) {
      const listing = await store.list(options);
      const fresh = known === undefined ? [] : listing.markers.filter(({ name }) => added.includes(name));
      const isOther = fresh.some((marker) => beginsAfter(marker, full) && !followed.writtenFulls().has(marker.first));
      if (isOther || !isLiving([full, ...deltas], listing)) {
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
    list: async (options) => {
      const listing = await store.list(options);
      known ??= new Set(listing.markers.map(({ name }) => name));
      return listing;
    },
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

/** Whether a marker says that a history began after a full. */
function beginsAfter(marker: StoreMarker, full: StoredSnapshot): boolean {
  return beginsHistory(marker) && beganOn(marker) >= full.createdOn;
}

/** Whether a chain is of the living history: its full may be of the past that this shares with one that was left, its deltas may be gone. */
function isLiving([full, ...deltas]: readonly StoredSnapshot[], { snapshots, markers }: StoreListing): boolean {
  const { living, left } = historiesOf(snapshots, markers);
  const ofLeft = new Set(left.flatMap(({ own }) => own.map(({ key }) => key)));
  return living.snapshots.some(({ key }) => key === full?.key) && !deltas.some(({ key }) => ofLeft.has(key));
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
