import type { PinnedDirectory } from '../../fs/pinned-directory.ts';
import { Failure } from '../../runtime/failure.ts';
import { countAre } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { EmptyStore, SnapStore } from '../../snapstore/snapstore.ts';
import { setMemberAside } from './replace-data-dir.ts';

/** A directory that cannot be restored, since the store is empty. */
export interface NothingToRestore {
  readonly dataDir: string;
  /** The directory, if there is one. */
  readonly directory: PinnedDirectory | undefined;
  /** Whether there is no directory, or nothing in it. */
  readonly absent: boolean;
  readonly store: SnapStore;
}

/** What was done so that a new member can start. */
export type StartedAnew =
  | { readonly action: 'none' }
  /** `keptAside` is where `member/` is now. */
  | { readonly action: 'moved_aside'; readonly keptAside: string };

/**
 * Makes way for a new member: `member/` is moved aside, everything else stays. The store has to prove that it is empty: one that is not
 * there, or holds snapshots in another place, may be mistyped. Throws a {@link Failure} `no_backup` or `store_gone` then; nothing was
 * touched.
 */
export async function startAnew(directory: NothingToRestore, context: RunContext): Promise<StartedAnew> {
  const { dataDir, absent, store } = directory;
  const { log, signal } = context;
  const doubt = doubtAbout((await store.whyEmpty?.({ signal })) ?? { kind: 'nothing stored' }, store.location);
  if (doubt !== undefined && !(absent && doubt.mayBeMeant)) {
    throw new Failure({ ...doubt.parts, action: 'restore from', object: store.location });
  }
  if (absent) {
    if (doubt !== undefined) {
      log.warn(`${store.location}: ${doubt.parts.found}; ${doubt.parts.remedy}`);
    }
    log.info(`There is nothing to restore ${dataDir} from; a new member can start.`);
    return { action: 'none' };
  }
  const keptAside = await setMemberAside(directory.directory, context);
  if (keptAside === undefined) {
    log.info(`There is no backup in ${store.location}, and no member/ in ${dataDir}; a new member can start.`);
    return { action: 'none' };
  }
  log.warn(
    { keptAside },
    `There is no backup in ${store.location}. member/ was moved to ${keptAside}, so that a new member starts; nothing was deleted.`,
  );
  return { action: 'moved_aside', keptAside };
}

interface Doubt {
  readonly parts: { readonly code: 'no_backup' | 'store_gone'; readonly found: string; readonly remedy: string };
  /** Whether it may be just so before the very first backup. */
  readonly mayBeMeant: boolean;
}

function doubtAbout(reason: EmptyStore, location: string): Doubt | undefined {
  switch (reason.kind) {
    case 'nothing stored':
      return undefined;
    case 'no container':
      return {
        parts: {
          code: 'store_gone',
          found: 'it does not exist',
          remedy: 'correct --store-container, mount its volume, or create it when there never was a backup',
        },
        mayBeMeant: true,
      };
    case 'unproved':
      return {
        parts: {
          code: 'no_backup',
          found: `no snapshot is listed, but ${reason.reason}`,
          remedy:
            'make sure of it: give the account these rights, mount the volume, or check what answers for the store; if there really is no backup, move member/ away to start a new member',
        },
        mayBeMeant: true,
      };
    case 'remains':
      return {
        parts: {
          code: 'no_backup',
          found: `it holds no snapshot, but ${countAre(reason.count, 'object')} there with names like those of a backup, such as ${reason.first}`,
          remedy:
            'give them their names and places back; if this member really has no backup, move them away to start a new one',
        },
        mayBeMeant: false,
      };
    case 'directly here':
      return {
        parts: {
          code: 'no_backup',
          found: 'snapshots are directly there, not in a folder v2 below',
          remedy: /\/v[12]$/.test(location)
            ? `leave out ${location.slice(-3)} in --store-container or --store-prefix`
            : 'move them into a folder v2 there',
        },
        mayBeMeant: false,
      };
    case 'other prefixes': {
      const [first, ...more] = reason.prefixes.map((prefix) => (prefix === '' ? 'no prefix' : `"${prefix}"`));
      return {
        parts: {
          code: 'no_backup',
          found: `it holds no snapshot, but its container holds some under ${[first, ...more].join(', ')}`,
          remedy:
            'correct --store-prefix; if this member really has no backup, move its member/ away to start a new one',
        },
        mayBeMeant: true,
      };
    }
    default:
      return reason satisfies never;
  }
}
