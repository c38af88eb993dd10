import type { Revision } from '../../revision.ts';
import { Failure } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { newestChain, restorable } from '../../snapshot/chain.ts';
import { type ChainNote, coverFrom } from '../../snapshot/cover.ts';
import type { SnapStore, StoredSnapshot } from '../../snapstore/snapstore.ts';

/** The newest full of a store and every delta that may continue it. */
export interface Backup {
  readonly base: StoredSnapshot;
  /** Deltas behind the base in chain order; which of them are needed is known once the base has been opened. */
  readonly candidates: readonly StoredSnapshot[];
}

/** Finds the newest backup. Throws a {@link Failure} `no_backup` or `backup_gap` when there is none to restore from. */
export async function selectBackup(store: SnapStore, context: RunContext): Promise<Backup> {
  const { snapshots } = await store.list({ signal: context.signal });
  const plan = newestChain(snapshots);
  if (plan.outcome === 'empty') {
    throw new Failure({
      code: 'no_backup',
      action: 'restore from',
      object: store.location,
      found: 'it holds no snapshot',
      remedy: 'check the container and --store-prefix',
    });
  }
  if (plan.base === undefined) {
    throw new Failure({
      code: 'backup_gap',
      action: 'restore from',
      object: store.location,
      found: 'it holds deltas but no full snapshot to begin with',
      remedy: 'check the container and --store-prefix, or take a full snapshot of the living cluster',
    });
  }
  const { base } = plan;
  const whole = restorable(snapshots);
  return { base, candidates: whole.slice(whole.indexOf(base) + 1) };
}

/**
 * The deltas that continue the base's database, which really ends at `covered` (its name may say less), in order.
 * Throws a {@link Failure} `backup_gap` when revisions are missing between them.
 */
export function selectDeltas(
  backup: Backup,
  covered: Revision,
  options: { readonly log: Logger; readonly location: string },
): readonly StoredSnapshot[] {
  const cover = coverFrom({ covered, baseCreatedOn: backup.base.createdOn, deltas: backup.candidates });
  if (cover.missing !== undefined) {
    const { from, to } = cover.missing;
    throw new Failure({
      code: 'backup_gap',
      action: 'restore from',
      object: options.location,
      found: `revisions ${from} to ${to} are missing between ${(cover.deltas.at(-1) ?? backup.base).name} and ${cover.beyond[0]?.name}`,
      remedy: 'find the missing delta, or move the deltas behind the gap away to restore the state before it',
    });
  }
  for (const note of cover.notes) {
    report(note, covered, options.log);
  }
  return cover.deltas;
}

function report(note: ChainNote<StoredSnapshot>, covered: Revision, log: Logger): void {
  const { name } = note.delta;
  switch (note.kind) {
    case 'overlap': {
      const { from, to } = note.overlap;
      const text = `Revisions ${from} to ${to} of ${name} are in an earlier snapshot too and are skipped`;
      // A base that reaches beyond its name is normal; two deltas with the same revisions had two writers.
      if (to <= covered) {
        log.info({ snapshot: name }, text);
      } else {
        log.warn({ snapshot: name }, text);
      }
      return;
    }
    case 'contained':
      log.info({ snapshot: name }, `All revisions of ${name} are in other snapshots; it is not needed`);
      return;
    case 'abandoned':
      log.warn(
        { snapshot: name },
        `${name} belongs to a history that was given up before the base was taken; it is left out`,
      );
      return;
    default:
      note satisfies never;
  }
}
