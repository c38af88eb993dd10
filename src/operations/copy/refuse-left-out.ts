import { Failure } from '../../runtime/failure.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { CopyResult } from './copy.ts';
import type { CopyRoute } from './copy-object.ts';

/**
 * Throws a {@link Failure} `copy_incomplete` when something that the source holds was left out though no limit says so. A delta without the
 * full before it can be restored neither here nor there, and the one who copies the backup has to know.
 */
export function refuseLeftOut(
  { orphans, vanished }: Pick<CopyResult, 'orphans' | 'vanished'>,
  { source, target }: CopyRoute,
): void {
  const what = { code: 'copy_incomplete', action: 'copy all backups to', object: target.location } as const;
  const [orphan] = orphans;
  if (orphan !== undefined) {
    throw new Failure({
      ...what,
      found: `${source.location} holds ${countText(orphans.length, 'delta')} without the full snapshot before, from ${orphan} on; all else is copied`,
      remedy: 'find that full, or delete these deltas: nothing can be restored from them (see etcdbrctl list)',
    });
  }
  const [gone] = vanished;
  if (gone !== undefined) {
    throw new Failure({
      ...what,
      found: `${gone} was deleted from ${source.location} meanwhile; it and the deltas after it are left out`,
      remedy: 'run the same command again to copy what is there now',
    });
  }
}
