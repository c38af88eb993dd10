import { CheckDisagreement } from '../../datadir/bbolt/check-disagreement.ts';
import { Damage } from '../../datadir/damage.ts';
import { UnfitChange } from '../../datadir/mvcc/unfit-change.ts';
import { Failure } from '../../runtime/failure.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** Something a verification has found. */
export interface Finding {
  /** A `problem` makes the verification fail; a `note` is worth knowing. */
  readonly weight: 'problem' | 'note';
  /** Name of the object it is about; undefined when it is about the store. */
  readonly snapshot: string | undefined;
  readonly text: string;
  /** It is encrypted, and no given identity opens it: nothing is known of its contents. */
  readonly unopened?: true;
  /** The store did not give it: nothing is known of its contents. */
  readonly unread?: true;
}

/** What it means that an object is encrypted and was not opened; undefined for any other error. */
export function unopenedFinding(error: unknown, name: string): Finding | undefined {
  return error instanceof Failure && error.code === 'no_identity'
    ? {
        weight: 'problem',
        snapshot: name,
        text: 'it is encrypted, and nothing is known of its contents: no identity that was given opens it',
        unopened: true,
      }
    : undefined;
}

/** What an error of reading a snapshot says about the snapshot; undefined for an error that is about something else. */
export function findingOf(error: unknown, snapshot: StoredSnapshot): Finding | undefined {
  const unopened = unopenedFinding(error, snapshot.name);
  if (unopened !== undefined) {
    return unopened;
  }
  const text = textOf(error);
  return text === undefined
    ? undefined
    : { weight: 'problem', snapshot: snapshot.name, text, ...(isRefusal(error) && { unread: true }) };
}

function textOf(error: unknown): string | undefined {
  if (error instanceof SnapshotDamage) {
    return `it is damaged: ${error.message}`;
  }
  if (error instanceof Damage) {
    return `its database is damaged at byte ${error.offset}: ${error.reason}`;
  }
  if (error instanceof CheckDisagreement) {
    return `its database cannot be judged: below the page at byte ${error.offset} the fast check finds all pages sound, the thorough one says: ${error.reason}; this is a fault of etcdbrctl or of this machine, please report it`;
  }
  if (error instanceof UnfitChange) {
    return error.message;
  }
  return refusalText(error);
}

/** Whether a store refused to give one object that it has: that says something about the store or our rights, and nothing about the object. */
export function isRefusal(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind !== 'gone' && error.kind !== 'not_found';
}

/** What a store's refusal to give one object says about the object; undefined for an error that concerns the whole store. */
export function refusalText(error: unknown): string | undefined {
  if (!(error instanceof StoreError) || error.kind === 'gone') {
    return undefined;
  }
  return error.kind === 'not_found'
    ? 'it was deleted meanwhile'
    : `it cannot be read: ${error.foundText}${error.remedy === undefined ? '' : `; ${error.remedy}`}`;
}
