import type { ValuesOf } from '../config/option.ts';
import type { identityOptions } from '../config/options/encryption.ts';
import type { lookupOptions } from '../config/options/lookup.ts';
import type { walOptions } from '../config/options/restoration.ts';
import type { storeOptions } from '../config/options/store.ts';
import type { KnownState, StateRequest, StateSource } from '../operations/lookup/state.ts';
import { withState } from '../operations/lookup/with-state.ts';
import type { RestoreLimit } from '../operations/restore/target.ts';
import { revision } from '../revision.ts';
import type { WantedKeys } from '../snapshot/key-index/wanted-keys.ts';
import { identitiesOf } from './encryption-keys.ts';
import { openReadStore } from './open-store.ts';
import { pastTime } from './past-time.ts';
import type { CommandContext } from './session.ts';

/** What the flags of a command say about the state to read. */
export interface LookupConfig {
  readonly lookup: ValuesOf<(typeof lookupOptions)['options']>;
  readonly store: ValuesOf<(typeof storeOptions)['options']>;
  readonly identity: ValuesOf<(typeof identityOptions)['options']>;
  readonly wal: ValuesOf<(typeof walOptions)['options']>;
  /** The keys that will be looked for, others may be missing; left out, all are there. */
  readonly wanted?: readonly WantedKeys[];
  /** What is needed of these; left out, not their leases. */
  readonly content?: StateRequest['content'];
}

/** Runs `work` with the state that the flags of a command name. Throws a UsageFailure, what a store throws, and what `work` throws. */
export async function withNamedState<T>(
  config: LookupConfig,
  context: CommandContext,
  work: (state: KnownState, source: StateSource) => Promise<T>,
): Promise<T> {
  const { tempDir, maxFetchers } = config.lookup;
  await using opened = await openedSource(config, context);
  const { source } = opened;
  const { wanted, content } = config;
  return await withState({ source, tempDir, maxFetchers, wanted, content }, context, (state) => work(state, source));
}

interface OpenedSource extends AsyncDisposable {
  readonly source: StateSource;
}

async function openedSource(
  { lookup, store, identity, wal }: LookupConfig,
  context: CommandContext,
): Promise<OpenedSource> {
  const { file } = lookup;
  const wanted = lookup.revision === undefined ? undefined : revision(lookup.revision);
  if (file !== undefined) {
    const identities = await identitiesOf(identity, context);
    const source = { kind: 'path', path: file, walDir: wal.walDir, identities, revision: wanted } as const;
    return { source, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { snapshot: from, history } = lookup;
  const until: RestoreLimit | undefined =
    lookup.time !== undefined
      ? { kind: 'time', time: pastTime(lookup.time, { object: '--time', now: context.clock.now() }) }
      : wanted === undefined
        ? undefined
        : { kind: 'revision', revision: wanted };
  const opened = await openReadStore(store, identity, context);
  const source = { kind: 'store', store: opened, target: { from, until, history } } as const;
  return { source, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}
