import { type KeyChange, keyChanges } from '../../datadir/mvcc/key-changes.ts';
import { Failure } from '../../runtime/failure.ts';
import { printable } from '../../runtime/log/printable.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { KnownState } from './state.ts';

/** All changes of a key up to a state that its database holds, oldest first, each valid until the next. Throws Damage. */
export function versionsOf(
  key: Uint8Array,
  { database, revision }: KnownState,
  { signal }: Pick<RunContext, 'signal'>,
): AsyncGenerator<KeyChange, void> {
  const wants = (each: Uint8Array): boolean => each.length === key.length && Buffer.compare(each, key) === 0;
  return keyChanges(database, { wants, revision, signal });
}

/** A key at a state. Throws Damage, and a {@link Failure} `no_such_key`. */
export async function findKey(
  key: Uint8Array,
  state: KnownState,
  context: Pick<RunContext, 'signal'>,
): Promise<KeyChange> {
  let newest: KeyChange | undefined;
  for await (const change of versionsOf(key, state, context)) {
    newest = { ...change, key, value: Uint8Array.from(change.value) };
  }
  if (newest === undefined || newest.tombstone) {
    throw noSuchKey(key, state, newest);
  }
  return newest;
}

/** The failure of a key that does not exist at a state; `deletion` is its last change, where one is known. */
export function noSuchKey(key: Uint8Array, state: KnownState, deletion: KeyChange | undefined): Failure {
  const { revision, location } = state;
  return new Failure({
    code: 'no_such_key',
    action: 'read',
    object: `the key ${JSON.stringify(printable(Buffer.from(key).toString()))}`,
    found:
      deletion === undefined
        ? `${location} holds no such key at revision ${revision}`
        : `it was deleted at revision ${deletion.main}, and the state that is read is that of revision ${revision}`,
    remedy:
      deletion === undefined
        ? 'see etcdbrctl ls for the keys that are there, and etcdbrctl history for what was deleted'
        : `give --revision ${deletion.main - 1} for the state before it, or see etcdbrctl history`,
  });
}
