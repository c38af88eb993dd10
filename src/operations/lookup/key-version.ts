import type { KeyChange } from '../../datadir/mvcc/key-changes.ts';
import type { KnownState } from './state.ts';

/** A change of a key, with what it became. */
export type KeyVersion = KeyChange;

/** Where a state was read. */
export type StateOrigin = Pick<KnownState, 'revision' | 'snapshots' | 'location'>;
