import { processEnvironment } from '../../../src/config/environment.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';
import { openStore, type StoreConfig } from '../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { quietLogger } from '../context/quiet-logger.ts';
import { collected, inPieces, seededBytes } from '../fixtures/byte-streams.ts';
import { snapshotNamed } from '../fixtures/snapshots.ts';

/** One use of a store in a process of its own, which then has to end by itself: nothing here ends it. */
export interface StoreChildTask {
  readonly config: StoreConfig;
  /** The whole life of a snapshot; or one that is cancelled on its way up, or left in the middle of its way down. */
  readonly use: 'everything' | 'cancelled save' | 'half a fetch';
}

/** What it prints, as JSON. */
export interface StoreChildReport {
  /** `ok`, or the code or message of the failure. */
  readonly outcome: string;
  /** When it had nothing left to do, ms since the epoch. */
  readonly doneAt: number;
}

const body = seededBytes(12 * 1024 * 1024, 1);

async function everything(store: SnapStore, snapshot: Snapshot): Promise<void> {
  const { signal } = new AbortController();
  const saved = await store.save(snapshot, inPieces(body, 100_000), { signal, sizeBound: body.length });
  const { snapshots } = await store.list({ signal });
  const whole = snapshots.filter(({ chunk }) => chunk === undefined);
  if (whole.length !== 1 || whole[0]?.size !== body.length) {
    throw new Error(`${whole.length} snapshots are listed`);
  }
  if (!body.equals(await collected(await store.fetch(saved, { signal })))) {
    throw new Error('other bytes came back');
  }
  await store.delete(saved, { signal });
  if ((await store.list({ signal })).snapshots.length > 0) {
    throw new Error('something is left');
  }
}

async function cancelledSave(store: SnapStore, snapshot: Snapshot): Promise<void> {
  const cancelling = new AbortController();
  setTimeout(() => cancelling.abort(new Error('cancelled')), 500);
  await store.save(snapshot, inPieces(body, 100_000), { signal: cancelling.signal, sizeBound: body.length });
}

async function halfAFetch(store: SnapStore, snapshot: Snapshot): Promise<void> {
  const { signal } = new AbortController();
  const saved = await store.save(snapshot, inPieces(body, 100_000), { signal, sizeBound: body.length });
  for await (const _ of await store.fetch(saved, { signal })) {
    return;
  }
}

const { config, use } = JSON.parse(process.argv[2] ?? '') as StoreChildTask;
const store = await openStore(config, { log: quietLogger, clock: systemClock, environment: processEnvironment() });
const uses = { everything, 'cancelled save': cancelledSave, 'half a fetch': halfAFetch };
const outcome = await uses[use](store, snapshotNamed('Full-0-58-1700000000')).then(
  () => 'ok',
  (error: unknown) => (error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error)),
);
await store[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify({ outcome, doneAt: Date.now() } satisfies StoreChildReport));
