import type { Revision } from '../revision.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import type { RestoreRequest, RestoreResult } from './restorer.ts';

/** How deep a data directory is looked at. */
export type ValidationMode = 'full' | 'sanity';

/** What was found in a data directory. */
export type DataDirState =
  | { readonly state: 'valid'; readonly revision: Revision }
  | { readonly state: 'absent' }
  | { readonly state: 'invalid_structure'; readonly reason: string }
  | { readonly state: 'db_corrupt'; readonly reason: string }
  | { readonly state: 'wal_corrupt'; readonly reason: string }
  | { readonly state: 'behind_store'; readonly revision: Revision; readonly storeRevision: Revision }
  | { readonly state: 'wrong_volume'; readonly reason: string }
  | { readonly state: 'locked'; readonly reason: string };

/** What to validate, and what to restore from when it is invalid. */
export interface InitializeRequest extends Omit<RestoreRequest, 'store'> {
  /** Undefined when no store is configured: validation only. */
  readonly store: SnapStore | undefined;
  readonly mode: ValidationMode;
  /** Value of POD_NAMESPACE; the `safe_guard` file must hold it. */
  readonly namespace: string | undefined;
}

/** What was found and what was done about it. */
export interface InitializeResult {
  readonly found: DataDirState;
  readonly action: 'kept' | 'restored' | 'removed' | 'none';
  readonly restored: RestoreResult | undefined;
}

/** Validates a data directory and replaces it from the store when it cannot be trusted. */
export function initialize(request: InitializeRequest, context: RunContext): Promise<InitializeResult> {
  context.log.debug({ request }, 'initialize');
  return Promise.reject(new Error('initialize is not built'));
}
