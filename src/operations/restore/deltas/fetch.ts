import { rm } from 'node:fs/promises';
import { openFile } from '../../../fs/open-file.ts';
import type { DeltaBytes } from '../../../objects/delta-reader.ts';
import { fetchWhole } from '../../../objects/fetch.ts';
import { namingSnapshot } from '../../../objects/snapshot-failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { DeltaDirectory } from './delta-directory.ts';
import type { DeltaMemory } from './delta-memory.ts';

/** A delta whose stored bytes are in memory or in a file, which disposing removes. */
export interface FetchedDelta extends AsyncDisposable {
  readonly delta: StoredSnapshot;
  readonly stored: DeltaBytes;
}

/**
 * Fetches deltas, several at once, into memory or, where there is no more of it, into files, and gives them in order. `directory` is asked
 * for with each file; it belongs to the caller, as files are still read after the last one was given.
 * At most `maxFetchers` of them exist besides those in use, so disk and memory stay bounded however long the chain is.
 */
export async function* fetchDeltas(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  options: {
    readonly maxFetchers: number;
    readonly memory: DeltaMemory;
    readonly directory: () => Promise<DeltaDirectory>;
    readonly onFetched: (bytes: number) => void;
  },
  context: RunContext,
): AsyncGenerator<FetchedDelta, void> {
  if (source.deltas.length === 0) {
    return;
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const begun: Promise<FetchedDelta>[] = [];
  try {
    let next = 0;
    const begin = (): void => {
      const delta = source.deltas[next++];
      if (delta !== undefined) {
        const fetched = fetchOne({ name: String(next), store: source.store, delta }, options, { ...context, signal });
        // It is awaited in its turn; until then a failure must not count as unhandled.
        fetched.catch(() => undefined);
        begun.push(fetched);
      }
    };
    const atOnce = Math.min(Math.max(1, options.maxFetchers), source.deltas.length);
    for (let count = 0; count < atOnce; count++) {
      begin();
    }
    for (let first = begun.shift(); first !== undefined; first = begun.shift()) {
      const fetched = await first;
      begin();
      options.onFetched(fetched.delta.size);
      yield fetched;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(begun);
  }
}

/** A delta to fetch; `name` is that of its file. */
interface WantedDelta {
  readonly name: string;
  readonly store: SnapStore;
  readonly delta: StoredSnapshot;
}

async function fetchOne(
  wanted: WantedDelta,
  places: { readonly memory: DeltaMemory; readonly directory: () => Promise<DeltaDirectory> },
  context: RunContext,
): Promise<FetchedDelta> {
  const { delta } = wanted;
  using room = new DisposableStack();
  const reserved = places.memory.reserve(delta.size);
  if (reserved !== undefined) {
    room.use(reserved);
    const bytes = await fetchIntoMemory(wanted, context);
    if (bytes !== undefined) {
      const held = room.move();
      return { delta, stored: { kind: 'memory', bytes }, [Symbol.asyncDispose]: async () => held.dispose() };
    }
  }
  const path = await fetchIntoFile(await places.directory(), wanted, context);
  return { delta, stored: { kind: 'file', path }, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** Undefined where the object has more bytes than the store has listed. */
async function fetchIntoMemory(
  { store, delta }: WantedDelta,
  context: RunContext,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return await namingSnapshot(delta, () =>
    fetchWhole(store, delta, context, async (body) => {
      const bytes = Buffer.allocUnsafeSlow(delta.size);
      let length = 0;
      for await (const piece of body) {
        if (length + piece.length > bytes.length) {
          return undefined;
        }
        bytes.set(piece, length);
        length += piece.length;
      }
      return bytes.subarray(0, length);
    }),
  );
}

async function fetchIntoFile(
  directory: DeltaDirectory,
  { name, store, delta }: WantedDelta,
  context: RunContext,
): Promise<string> {
  const file = directory.at(name);
  directory.expect(delta.size);
  const write = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
    const handle = await directory.writing(() => openFile(file, { access: 'write' }));
    try {
      for await (const bytes of body) {
        await directory.writing(() => handle.writeFile(bytes));
      }
    } finally {
      await handle.close();
    }
  };
  // What is encrypted is opened, and proved, here.
  await namingSnapshot(delta, () => fetchWhole(store, delta, context, write));
  return file;
}
