import { LeaseTtls } from '../../datadir/mvcc/lease-ttls.ts';
import { type LivingKey, LivingKeys } from '../../datadir/mvcc/living-keys.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { KnownState } from '../lookup/state.ts';
import type { ExportedKey, KeySource } from './exported-key.ts';

/** Which keys of a state are wanted. */
export interface KeysWanted {
  /** What they begin with; a key that begins with several is there once. */
  readonly prefixes: readonly Uint8Array[];
  /** Asked for each of these with its value. */
  readonly wants?: ((key: Uint8Array, value: Uint8Array) => boolean) | undefined;
}

/** The keys of a state that begin with one of some prefixes, in the order of these. Memory holds their names. */
export class StateKeys implements KeySource {
  readonly #parts: readonly LivingKeys[];
  readonly #leases: LeaseTtls;
  readonly #wants: (key: Uint8Array, value: Uint8Array) => boolean;
  readonly #signal: AbortSignal;

  private constructor(parts: {
    readonly parts: readonly LivingKeys[];
    readonly leases: LeaseTtls;
    readonly wants: KeysWanted['wants'];
    readonly signal: AbortSignal;
  }) {
    this.#parts = parts.parts;
    this.#leases = parts.leases;
    this.#wants = parts.wants ?? (() => true);
    this.#signal = parts.signal;
  }

  /** Finds the keys. Throws Damage. */
  static async read(
    { database, revision }: KnownState,
    { prefixes, wants }: KeysWanted,
    { signal }: Pick<RunContext, 'signal'>,
  ): Promise<StateKeys> {
    const parts: LivingKeys[] = [];
    for (const prefix of withoutContained(prefixes)) {
      parts.push(await LivingKeys.read(database, { prefix, revision, signal }));
    }
    return new StateKeys({ parts, leases: new LeaseTtls(database), wants, signal });
  }

  /** Whether there is none. Throws Damage. */
  async isEmpty(): Promise<boolean> {
    for await (const _ of this.keys()) {
      return false;
    }
    return true;
  }

  /** Throws Damage. */
  async *keys(): AsyncGenerator<ExportedKey, void> {
    for (const part of this.#parts) {
      for (const living of part.inOrder()) {
        this.#signal.throwIfAborted();
        const found = await this.#exported(part, living);
        if (this.#wants(found.key, found.value)) {
          yield found;
        }
      }
    }
  }

  async #exported(part: LivingKeys, living: LivingKey): Promise<ExportedKey> {
    const { value, lease } = await part.contentOf(living);
    return {
      key: Uint8Array.from(living.key),
      value: Uint8Array.from(value),
      createRevision: living.createRevision,
      modRevision: living.main,
      version: living.version,
      lease,
      leaseTtl: await this.#leases.of(lease),
    };
  }
}

/** Prefixes in the order of their bytes, without those that begin with another one. */
function withoutContained(prefixes: readonly Uint8Array[]): readonly Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (const prefix of prefixes.toSorted(Buffer.compare)) {
    const last = kept.at(-1);
    if (last === undefined || Buffer.compare(prefix.subarray(0, last.length), last) !== 0) {
      kept.push(prefix);
    }
  }
  return kept;
}
