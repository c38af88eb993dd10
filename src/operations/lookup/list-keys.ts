import { type LivingKey, LivingKeys } from '../../datadir/mvcc/living-keys.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { KnownState } from './state.ts';

/** The keys below one path. */
export interface KeyGroup {
  /** Up to a slash, this included; or a key that has no further one. */
  readonly path: Uint8Array;
  readonly keys: number;
  /** Bytes of the values. */
  readonly bytes: number;
}

const SLASH = 0x2f;

/** The keys of a state that begin with a prefix, in the order of their bytes. Memory holds their names. Throws Damage. */
export async function listKeys(
  { database, revision }: KnownState,
  { prefix }: { readonly prefix: Uint8Array },
  { signal }: Pick<RunContext, 'signal'>,
): Promise<Iterable<LivingKey>> {
  const keys = await LivingKeys.read(database, { prefix, revision, signal });
  return keys.inOrder();
}

/**
 * Groups keys, which come in order, by the first `depth` segments of their paths after `prefix`. A slash right after the prefix
 * begins no segment.
 */
export function* groupKeys(
  keys: Iterable<LivingKey>,
  { prefix, depth }: { readonly prefix: Uint8Array; readonly depth: number },
): Generator<KeyGroup, void> {
  let group: { path: Uint8Array; keys: number; bytes: number } | undefined;
  for (const { key, size } of keys) {
    const end = endOfPath(key, prefix.length, depth);
    const path = key.subarray(0, end);
    if (group !== undefined && Buffer.compare(group.path, path) === 0) {
      group.keys += 1;
      group.bytes += size;
      continue;
    }
    if (group !== undefined) {
      yield group;
    }
    group = { path, keys: 1, bytes: size };
  }
  if (group !== undefined) {
    yield group;
  }
}

function endOfPath(key: Uint8Array, start: number, depth: number): number {
  let at = key[start] === SLASH ? start + 1 : start;
  for (let left = depth; left > 0; left--) {
    const slash = key.indexOf(SLASH, at);
    if (slash < 0) {
      return key.length;
    }
    at = slash + 1;
  }
  return at;
}
