import { rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories, removeEmptyDirectories } from '../../../fs/directories.ts';
import { fileFailure } from '../../../fs/file-failure.ts';
import { removeLeftovers } from '../../../fs/leftovers.ts';
import { openFile } from '../../../fs/open-file.ts';
import { PinnedDirectory } from '../../../fs/pinned-directory.ts';
import { PrivateDirectory } from '../../../fs/private-directory.ts';
import { keepAlive } from '../../../fs/scratch-life.ts';
import { scratchName } from '../../../fs/scratch-name.ts';
import { fetchWhole } from '../../../objects/fetch.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoredSnapshot } from '../../../snapstore/snapstore.ts';

/** A delta whose stored bytes are in a file, which disposing removes. */
export interface FetchedDelta extends AsyncDisposable {
  readonly delta: StoredSnapshot;
  readonly file: string;
}

/**
 * Fetches deltas into temporary files, several at once, and gives them in order.
 * At most `maxFetchers` files exist besides those in use, so disk and memory stay bounded however long the chain is.
 */
export async function* fetchDeltas(
  source: { readonly store: SnapStore; readonly deltas: readonly StoredSnapshot[] },
  options: { readonly maxFetchers: number; readonly tempDir: string; readonly onFetched: (bytes: number) => void },
  context: RunContext,
): AsyncGenerator<FetchedDelta, void> {
  if (source.deltas.length === 0) {
    return;
  }
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const tempDir = path.resolve(options.tempDir);
  await using held = new AsyncDisposableStack();
  const directory = await inTemp(tempDir, async () => {
    const madeAbove = await makeDirectories(tempDir);
    if (madeAbove !== undefined) {
      held.defer(() => removeEmptyDirectories(tempDir, madeAbove));
    }
    await removeLeftovers(tempDir);
    const parent = held.use(await PinnedDirectory.open(tempDir));
    // Nobody else can put anything in it, whoever owns the directory around it.
    const made = held.use(await PrivateDirectory.makeNamed(parent, scratchName('deltas')));
    held.use(keepAlive((time) => utimes(made.at(), time, time)));
    return made;
  });
  const begun: Promise<FetchedDelta>[] = [];
  try {
    let next = 0;
    const begin = (): void => {
      const delta = source.deltas[next++];
      if (delta !== undefined) {
        const file = directory.at(String(next));
        const fetched = fetchInto({ file, tempDir }, { store: source.store, delta }, { ...context, signal });
        // It is awaited in its turn; until then a failure must not count as unhandled.
        fetched.catch(() => undefined);
        begun.push(fetched);
      }
    };
    for (let count = 0; count < Math.max(1, options.maxFetchers); count++) {
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
  { file, tempDir }: { readonly file: string; readonly tempDir: string },
  source: { readonly store: SnapStore; readonly delta: StoredSnapshot },
  context: RunContext,
): Promise<FetchedDelta> {
  await fetchWhole(source.store, source.delta, context, async (body) => {
    const handle = await inTemp(tempDir, () => openFile(file, { access: 'write' }));
    try {
      for await (const bytes of body) {
        await inTemp(tempDir, () => handle.writeFile(bytes));
      }
    } finally {
      await handle.close();
    }
  });
  return { delta: source.delta, file, [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}

/** Errors of `step` concern the temporary directory, not the data directory or the store. */
async function inTemp<T>(object: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw fileFailure(error, { action: 'write the temporary file', object }) ?? error;
  }
}
