import type { Alarms } from './alarms.ts';
import type { Auth } from './auth.ts';
import type { Leases } from './leases.ts';
import type { LiveKeys } from './live-keys.ts';
import type { VersionRules } from './version-rules.ts';

/** One change of a key that the log adds to the db, in the order of the `key` bucket. */
export type ReplayedChange = {
  readonly revision: number;
  /** Place within the transaction, from 0. */
  readonly sub: number;
  /** Byte string. */
  readonly key: string;
} & (
  | {
      readonly kind: 'put';
      readonly createRevision: number;
      readonly version: number;
      readonly lease: bigint;
      readonly value: Uint8Array;
    }
  | { readonly kind: 'delete' }
);

/** Everything that decides what a request does. It changes as requests are applied. */
export interface StoreState {
  /** Of the last change. */
  revision: number;
  /** The revision of the last compaction. */
  compactRevision: number;
  readonly keys: LiveKeys;
  readonly leases: Leases;
  readonly auth: Auth;
  readonly rules: VersionRules;
  readonly alarms: Alarms;
}
