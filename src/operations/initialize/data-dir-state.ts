import type { Revision } from '../../revision.ts';

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

/** The state in words, as they follow a colon. */
export function reasonOf(found: DataDirState): string {
  switch (found.state) {
    case 'valid':
      return 'it is valid';
    case 'absent':
      return 'it does not exist';
    case 'behind_store':
      return `it is at revision ${found.revision}, the store at ${found.storeRevision}`;
    case 'invalid_structure':
    case 'db_corrupt':
    case 'wal_corrupt':
    case 'wrong_volume':
    case 'locked':
      return found.reason;
    default:
      return found satisfies never;
  }
}
