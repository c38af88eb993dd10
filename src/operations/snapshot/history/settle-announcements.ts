import type { RunContext } from '../../../runtime/run-context.ts';
import type { SnapStore, StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import { withdrawAnnouncement } from '../../history/withdraw-announcement.ts';

/**
 * Ends what a run has left that was killed between the announcement of a new history and its marker: where the first full is there, the
 * marker is stored for good, as a later run may delete that full; where it never came, the announcement goes. What the store refuses is no
 * failure: the next run tries again.
 */
export async function settleAnnouncements(
  { histories }: Pick<SnapStore, 'histories'>,
  { announcements = [] }: Pick<StoreListing, 'announcements'>,
  context: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  if (histories === undefined) {
    return;
  }
  for (const { marker, state } of announcements) {
    if (state === 'begun') {
      try {
        await histories.save(marker, context);
      } catch (error) {
        if (!(error instanceof StoreError)) {
          throw error;
        }
        context.log.warn(
          { error, marker: marker.name },
          `${marker.name} cannot be stored for good, its announcement stands in for it: ${error.message}`,
        );
        continue;
      }
      context.log.info({ marker: marker.name }, `Stored ${marker.name}, which a run before has announced`);
    }
    await withdrawAnnouncement(histories, marker, context);
  }
}
