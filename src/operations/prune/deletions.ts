import type { Clock } from '../../runtime/clock.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** What stayed although its deletion was answered with success is tried again after so long, ms: a lock may have ended. */
const AGAIN_AFTER_MS = 60 * 60_000;

/**
 * Objects of which the store said that it had deleted them, and which are still there: a lock or a hold that it does not name, or versions that
 * it does not show. One for the life of a loop that collects garbage, so that each is warned of once.
 */
export class StayingObjects {
  readonly #clock: Clock;
  readonly #triedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether another try is not worth it yet. */
  has(object: StoredSnapshot): boolean {
    const triedAt = this.#triedAt.get(identityOf(object));
    return triedAt !== undefined && this.#clock.monotonic() - triedAt < AGAIN_AFTER_MS;
  }

  /** Notes that an object stayed. Gives whether that is news. */
  add(object: StoredSnapshot): boolean {
    const isNew = !this.#triedAt.has(identityOf(object));
    this.#triedAt.set(identityOf(object), this.#clock.monotonic());
    return isNew;
  }

  /** Forgets what is not listed any more. */
  keepOnly(listed: readonly StoredSnapshot[]): void {
    const there = new Set(listed.map(identityOf));
    for (const known of this.#triedAt.keys()) {
      if (!there.has(known)) {
        this.#triedAt.delete(known);
      }
    }
  }
}

/**
 * Which of some objects a store still has, although it said that it deleted them. A listing may be older than what was done: so each that
 * it shows is asked for. Empty where the store does not list now.
 */
export async function stillStored(
  deleted: readonly StoredSnapshot[],
  store: Pick<SnapStore, 'list' | 'fetch'>,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<ReadonlySet<StoredSnapshot>> {
  if (deleted.length === 0) {
    return new Set();
  }
  const listed = new Set((await listedAfter(store, { signal, log })).map(identityOf));
  const staying = new Set<StoredSnapshot>();
  for (const object of deleted.filter((each) => listed.has(identityOf(each)))) {
    if (await canBeRead(object, store, signal)) {
      staying.add(object);
    }
  }
  return staying;
}

async function listedAfter(
  store: Pick<SnapStore, 'list'>,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<readonly StoredSnapshot[]> {
  try {
    return (await store.list({ signal })).snapshots;
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ error }, 'GC: whether all that was deleted is gone is not known: the store does not list now');
    return [];
  }
}

async function canBeRead(
  object: StoredSnapshot,
  store: Pick<SnapStore, 'fetch'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    (await store.fetch(object, { signal, range: { start: 0, end: 1 } })).destroy();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return !(error instanceof StoreError && error.kind === 'not_found');
  }
}

/** An object that was written again under the same name is another one. */
function identityOf({ key, versionId, size }: StoredSnapshot): string {
  return JSON.stringify([key, versionId, size]);
}
