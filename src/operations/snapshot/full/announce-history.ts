import type { RunContext } from '../../../runtime/run-context.ts';
import type { HistoryMarker } from '../../../snapshot/history/history-marker.ts';
import type { HistoryBreak, ReadDatabase } from '../history/history-break.ts';
import type { FirstFull } from '../history/mark-new-history.ts';
import type { DownloadedDatabase } from './download.ts';
import { fullOf, type NamedFull } from './save.ts';

/** What leaves the announcement of a new history in the store. */
export interface HistoryAnnouncer {
  announce(broken: HistoryBreak, begun: FirstFull, context: RunContext): Promise<HistoryMarker | undefined>;
}

/**
 * Announces the new history that `full` begins, before it becomes visible. Returns what was announced: undefined where the history before is
 * not `broken`, and where nothing is there that the new one would have to be told apart from.
 */
export async function announceHistory(
  full: NamedFull & { readonly database: Pick<DownloadedDatabase, keyof ReadDatabase | 'checked'> },
  { broken, announcer }: { readonly broken: HistoryBreak | undefined; readonly announcer: HistoryAnnouncer },
  context: RunContext,
): Promise<HistoryMarker | undefined> {
  if (broken === undefined) {
    return undefined;
  }
  const { database } = full;
  // An unsound database may say anything of its history.
  await database.checked;
  return await announcer.announce(broken, { first: fullOf(full), database }, context);
}
