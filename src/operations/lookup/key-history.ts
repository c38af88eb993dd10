import type { RunContext } from '../../runtime/run-context.ts';
import type { EventTime } from '../../snapshot/delta/event-time.ts';
import { timesOf } from './event-times.ts';
import { noSuchKey, versionsOf } from './find-key.ts';
import type { KnownState, StateSource } from './state.ts';

/** A change of a key, without its value. */
export interface PastVersion {
  readonly revision: number;
  /** When it was seen; undefined where no delta records it. */
  readonly seen: EventTime | undefined;
  readonly kind: 'created' | 'changed' | 'deleted';
  /** 0 for a deletion. */
  readonly version: number;
  /** Bytes of the value. */
  readonly size: number;
  readonly lease: bigint;
}

/** The changes of a key, oldest first. */
export interface KeyHistory {
  readonly key: Uint8Array;
  readonly versions: readonly PastVersion[];
}

/**
 * Every change of a key up to a state that its backup still has. Throws Damage, and a Failure `no_such_key` where there is none, or
 * for a damaged delta.
 */
export async function keyHistory(
  key: Uint8Array,
  { state, source }: { readonly state: KnownState; readonly source: StateSource },
  context: RunContext,
): Promise<KeyHistory> {
  const versions: PastVersion[] = [];
  for await (const { main, tombstone, version, value, lease } of versionsOf(key, state, context)) {
    const kind = tombstone ? 'deleted' : version === 1 ? 'created' : 'changed';
    versions.push({ revision: main, seen: undefined, kind, version, size: value.length, lease });
  }
  if (versions.length === 0) {
    throw noSuchKey(key, state, undefined);
  }
  if (source.kind !== 'store') {
    return { key, versions };
  }
  const { store } = source;
  const revisions = new Set(versions.map(({ revision }) => revision));
  const times = await timesOf(revisions, { store, snapshots: state.snapshots }, context);
  return { key, versions: versions.map((each) => ({ ...each, seen: times.get(each.revision) })) };
}
