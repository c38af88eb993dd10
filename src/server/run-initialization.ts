import type { DataDirState, ValidationMode } from '../operations/initialize/data-dir-state.ts';
import type { InitializeRequest, InitializeResult } from '../operations/initialize/initialize-request.ts';
import { untilAborted } from '../runtime/async/until-aborted.ts';
import { Failure } from '../runtime/failure.ts';
import { errorText } from '../runtime/log/error-text.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { unopenedStore } from './unopened-store.ts';

/** How an initialization went, for metrics. Durations in seconds. */
export interface InitializationListener {
  validated(result: { readonly seconds: number; readonly outcome: 'succeeded' | 'failed' }): void;
  /** `single_member`: by its cluster, to which it was added anew. */
  restored(result: {
    readonly kind: 'single_node' | 'single_member';
    readonly seconds: number;
    readonly outcome: 'succeeded' | 'failed';
  }): void;
}

/** What an initialization works with. */
export interface InitializationRunParts {
  readonly request: Omit<InitializeRequest, 'store' | 'mode' | 'configuredMembers'>;
  /** Our member as it is configured now, and the cluster of one of several; left out, those of the request. */
  readonly member?: () => Promise<Pick<InitializeRequest, 'member' | 'cluster'>>;
  /** Where to restore from; opened for each run, so that it has the present credentials. Undefined where none is configured. */
  readonly store: { readonly location: string; open(): Promise<SnapStore> } | undefined;
  /** How many members etcd's configuration names now. Throws a Failure where it cannot be read. */
  configuredMembers(): Promise<number>;
  readonly listener: InitializationListener;
}

/**
 * Validates the data directory and replaces it where it cannot be trusted, as `etcdbrctl initialize` does. Logs what came of it;
 * rejects when etcd must not start on it.
 */
export async function runInitialization(
  parts: InitializationRunParts,
  mode: ValidationMode,
  context: RunContext,
): Promise<void> {
  const { request } = parts;
  const { signal } = context;
  const log = context.log.child({ actor: 'initializer' });
  log.info(`Initialization of ${request.dataDir} begins, in mode ${mode}`);
  try {
    const { initialize } = await import('../operations/initialize/initialize.ts');
    const configuredMembers = await untilAborted(parts.configuredMembers(), signal);
    const member = await untilAborted(parts.member?.() ?? Promise.resolve({}), signal);
    const kind = configuredMembers > 1 ? 'single_member' : 'single_node';
    await using store = await untilAborted(storeOf(parts), signal);
    const { action } = await timed({ listener: parts.listener, kind }, context, (onValidated) =>
      initialize({ ...request, ...member, store, mode, configuredMembers, onValidated }, context),
    );
    log.info(`Initialization succeeded, etcd may start: ${became(action)}`);
  } catch (error) {
    if (signal.aborted) {
      log.warn('Initialization was ended by the stop; the data directory is as it was');
    } else if (error instanceof Failure) {
      log.error({ error }, `Initialization failed, etcd must not start: ${error.message}`);
    } else {
      log.error({ error }, `Initialization failed by a fault in the program, etcd must not start: ${errorText(error)}`);
    }
    throw error;
  }
}

/** What has become of the data directory. */
function became(action: InitializeResult['action']): string {
  switch (action) {
    case 'kept':
      return 'the data directory is valid';
    case 'restored':
      return 'the data directory was restored from the backup';
    case 'moved_aside':
      return 'the data directory made way for a new member';
    case 'none':
      return 'there is no data directory, and a new member starts';
    case 'joined':
      return 'our member was added to its cluster, which sends everything to it';
    case 'rebuilt':
      return 'our member was taken out of its cluster and added again, which sends everything to it';
    default:
      return action satisfies never;
  }
}

async function storeOf({ store }: InitializationRunParts): Promise<SnapStore | undefined> {
  try {
    return await store?.open();
  } catch (error) {
    if (error instanceof Failure && store !== undefined) {
      return unopenedStore(store.location, error);
    }
    throw error;
  }
}

/** Does the work, and reports how long the validation and what followed it took. */
async function timed<T extends { readonly action: string }>(
  { listener, kind }: { readonly listener: InitializationListener; readonly kind: 'single_node' | 'single_member' },
  { clock }: Pick<RunContext, 'clock'>,
  work: (onValidated: (found: DataDirState) => void) => Promise<T>,
): Promise<T> {
  const begunAt = clock.monotonic();
  let validatedAt: number | undefined;
  const seconds = (): number => (clock.monotonic() - (validatedAt ?? begunAt)) / 1_000;
  const onValidated = ({ state }: DataDirState): void => {
    listener.validated({ seconds: seconds(), outcome: state === 'valid' ? 'succeeded' : 'failed' });
    validatedAt = clock.monotonic();
  };
  try {
    const result = await work(onValidated);
    if (result.action === 'restored' || result.action === 'rebuilt') {
      listener.restored({ kind, seconds: seconds(), outcome: 'succeeded' });
    }
    return result;
  } catch (error) {
    if (validatedAt === undefined) {
      listener.validated({ seconds: seconds(), outcome: 'failed' });
    } else {
      listener.restored({ kind, seconds: seconds(), outcome: 'failed' });
    }
    throw error;
  }
}
