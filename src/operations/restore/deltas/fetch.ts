import { rm } from 'node:fs/promises';
import { openFile } from '../../../fs/open-file.ts';
import { fetchWhole } from '../../../objects/fetch.ts';
import { namingSnapshot } from '../../../objects/snapshot-failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { DeltaDirectory } from './delta-directory.ts';

/** A delta whose stored bytes are in a file, which disposing removes. */
export interface FetchedDelta extends AsyncDisposable {
  readonly delta: StoredSnapshot;
  readonly file: string;
}

/**
 * Fetches deltas into files, several at once, and gives them in order. `directory` is asked for when there is one to fetch; it belongs
 * to the caller, as files are still read after the last one was given.
 * At most `maxFetchers` files exist besides those in use, so disk and memory stay bounded however long the chain is.
 */
export async function* fetchDeltas(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  options: {
    readonly maxFetchers: number;
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
  const directory = await options.directory();
  const begun: Promise<FetchedDelta>[] = [];
  try {
    let next = 0;
    const begin = (): void => {
      const delta = source.deltas[next++];
      if (delta !== undefined) {
        const fetched = fetchInto(
          directory,
          { name: String(next), store: source.store, delta },
          { ...context, signal },
        );
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

async function fetchInto(
  directory: DeltaDirectory,
  { name, store, delta }: { readonly name: string; readonly store: SnapStore; readonly delta: StoredSnapshot },
  context: RunContext,
): Promise<FetchedDelta> {
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
  return { delta, file, [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}
