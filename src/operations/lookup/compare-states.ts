import type { KeyValue } from '../../datadir/mvcc/key-value.ts';
import { type LivingKey, LivingKeys } from '../../datadir/mvcc/living-keys.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { KnownState } from './state.ts';

/** One side of a difference. The value is valid until the next difference is asked for. */
export interface KeptVersion extends KeyValue {
  /** Revision of the change. */
  readonly main: number;
}

/** A key that two states do not both have with the same value. */
export type KeyDifference =
  | { readonly kind: 'added'; readonly key: Uint8Array; readonly after: KeptVersion }
  | { readonly kind: 'deleted'; readonly key: Uint8Array; readonly before: KeptVersion }
  | { readonly kind: 'changed'; readonly key: Uint8Array; readonly before: KeptVersion; readonly after: KeptVersion };

/** Two states, the older one first. */
export interface StatePair {
  readonly before: KnownState;
  readonly after: KnownState;
}

/**
 * The differences between two states below a prefix, in the order of keys. A key that was written again with the same value
 * is no difference. Memory holds the names of the keys of both. Throws Damage.
 */
export async function* compareStates(
  { before, after }: StatePair,
  { prefix }: { readonly prefix: Uint8Array },
  { signal }: Pick<RunContext, 'signal'>,
): AsyncGenerator<KeyDifference, void> {
  const old = await LivingKeys.read(before.database, { prefix, revision: before.revision, signal });
  const young = await LivingKeys.read(after.database, { prefix, revision: after.revision, signal });
  const isOneHistory = before.database === after.database;
  for (const [left, right] of inPairs(old.inOrder(), young.inOrder())) {
    signal.throwIfAborted();
    if (left === undefined) {
      yield* right === undefined ? [] : [{ kind: 'added', key: right.key, after: await kept(young, right) } as const];
      continue;
    }
    if (right === undefined) {
      yield { kind: 'deleted', key: left.key, before: await kept(old, left) };
      continue;
    }
    if (isOneHistory && left.main === right.main && left.sub === right.sub) {
      continue;
    }
    const isAlike = left.size === right.size && left.digest === right.digest;
    const sides = { before: await kept(old, left), after: await kept(young, right) };
    if (!isAlike || Buffer.compare(sides.before.value, sides.after.value) !== 0) {
      yield { kind: 'changed', key: right.key, ...sides };
    }
  }
}

async function kept(keys: LivingKeys, { main, sub }: LivingKey): Promise<KeptVersion> {
  return { ...(await keys.contentOf({ main, sub })), main };
}

/** The keys of both in one order; those that both have come together. */
function* inPairs(
  left: Iterator<LivingKey, void>,
  right: Iterator<LivingKey, void>,
): Generator<readonly [LivingKey | undefined, LivingKey | undefined], void> {
  let one = left.next().value ?? undefined;
  let other = right.next().value ?? undefined;
  while (one !== undefined || other !== undefined) {
    const order = one === undefined ? 1 : other === undefined ? -1 : Buffer.compare(one.key, other.key);
    yield [order <= 0 ? one : undefined, order >= 0 ? other : undefined];
    one = order <= 0 ? (left.next().value ?? undefined) : one;
    other = order >= 0 ? (right.next().value ?? undefined) : other;
  }
}
