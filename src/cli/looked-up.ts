import type { ValuesOf } from '../config/option.ts';
import type { lookupOptions } from '../config/options/lookup.ts';
import type { walOptions } from '../config/options/restoration.ts';
import type { storeOptions } from '../config/options/store.ts';
import type { StateRequest } from '../operations/lookup/state.ts';
import type { RestoreLimit } from '../operations/restore/target.ts';
import { revision } from '../revision.ts';
import { openStore } from './open-store.ts';
import { pastTime } from './past-time.ts';
import type { CommandContext } from './session.ts';

/** What the flags of a command say about the state to read. */
export interface LookupConfig {
  readonly lookup: ValuesOf<(typeof lookupOptions)['options']>;
  readonly store: ValuesOf<(typeof storeOptions)['options']>;
  readonly wal: ValuesOf<(typeof walOptions)['options']>;
}

/** A state to read; disposing ends the connections to its store. */
export interface LookedUp extends AsyncDisposable {
  readonly request: StateRequest;
}

/** Opens what the flags of a command name. Throws a UsageFailure, and what a store throws. */
export async function lookedUp({ lookup, store, wal }: LookupConfig, context: CommandContext): Promise<LookedUp> {
  const { tempDir, maxFetchers, file } = lookup;
  const wanted = lookup.revision === undefined ? undefined : revision(lookup.revision);
  if (file !== undefined) {
    const source = { kind: 'path', path: file, walDir: wal.walDir, revision: wanted } as const;
    return { request: { source, tempDir, maxFetchers }, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { snapshot: from, history } = lookup;
  const until: RestoreLimit | undefined =
    lookup.time !== undefined
      ? { kind: 'time', time: pastTime(lookup.time, { object: '--time', now: context.clock.now() }) }
      : wanted === undefined
        ? undefined
        : { kind: 'revision', revision: wanted };
  const opened = await openStore(store, context);
  const source = { kind: 'store', store: opened, target: { from, until, history } } as const;
  return { request: { source, tempDir, maxFetchers }, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}
