import { stat } from 'node:fs/promises';
import type { ValuesOf } from '../config/option.ts';
import type { identityOptions } from '../config/options/encryption.ts';
import type { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import type { compareOptions } from '../config/options/lookup.ts';
import type { walOptions } from '../config/options/restoration.ts';
import type { storeOptions } from '../config/options/store.ts';
import { readWrittenTime } from '../config/point-in-time.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { StateRequest, StateSource } from '../operations/lookup/state.ts';
import type { RestoreTarget } from '../operations/restore/target.ts';
import { revision } from '../revision.ts';
import { printable } from '../runtime/log/printable.ts';
import { parseRelativeKey } from '../snapshot/name.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { identitiesOf } from './encryption-keys.ts';
import { openReadStore } from './open-store.ts';
import { pastTime } from './past-time.ts';
import type { CommandContext } from './session.ts';

/** What the flags of a command say about two states. */
export interface CompareConfig {
  readonly compare: ValuesOf<(typeof compareOptions)['options']>;
  readonly store: ValuesOf<(typeof storeOptions)['options']>;
  readonly identity: ValuesOf<(typeof identityOptions)['options']>;
  readonly wal: ValuesOf<(typeof walOptions)['options']>;
  readonly connection: ValuesOf<(typeof etcdConnectionOptions)['options']>;
}

/** Opens what operands of `diff` name; disposing ends the connections. */
export class ComparedStates implements AsyncDisposable {
  readonly #config: CompareConfig;
  readonly #context: CommandContext;
  readonly #held = new AsyncDisposableStack();
  #store: SnapStore | undefined;

  constructor(config: CompareConfig, context: CommandContext) {
    this.#config = config;
    this.#context = context;
  }

  /** The state that is written as `word`. Throws a {@link UsageFailure}, and what a store or etcd throws. */
  async state(word: string): Promise<StateRequest> {
    const { tempDir, maxFetchers } = this.#config.compare;
    return { source: await this.#source(word), tempDir, maxFetchers };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }

  async #source(word: string): Promise<StateSource> {
    if (word === 'live') {
      const { connect } = await import('../etcd/connect.ts');
      const { cluster } = this.#held.use(await connect(this.#config.connection, this.#context));
      return { kind: 'live', cluster };
    }
    if (word === 'newest') {
      return await this.#stored({});
    }
    if (/^\d{1,15}$/.test(word) && Number(word) > 0) {
      return await this.#stored({ until: { kind: 'revision', revision: revision(Number(word)) } });
    }
    if (/^0+$/.test(word)) {
      throw new UsageFailure({
        action: 'use',
        object: `${JSON.stringify(printable(word))} as a state to compare`,
        found: 'it is no revision',
        remedy: 'is a variable empty? Write newest for the newest state',
      });
    }
    if (parseRelativeKey(`v2/${word}`).outcome === 'snapshot') {
      return await this.#stored({ from: word });
    }
    const written = readWrittenTime(word);
    if ('value' in written) {
      const time = pastTime(written.value, { object: 'the time', now: this.#context.clock.now() });
      return await this.#stored({ until: { kind: 'time', time } });
    }
    const isThere = await stat(word).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      throw new UsageFailure({
        action: 'use',
        object: `${JSON.stringify(printable(word))} as a state to compare`,
        found: 'it is no revision, no time, no name of a snapshot, and no file that is there',
        remedy: 'give one of these, newest, or live',
      });
    }
    const identities = await identitiesOf(this.#config.identity, this.#context);
    return { kind: 'path', path: word, walDir: this.#config.wal.walDir, identities, revision: undefined };
  }

  async #stored(target: RestoreTarget): Promise<StateSource> {
    this.#store ??= this.#held.use(await openReadStore(this.#config.store, this.#config.identity, this.#context));
    const { history } = this.#config.compare;
    return { kind: 'store', store: this.#store, target: { ...target, history } };
  }
}
