import { nextRevision, type Revision } from '../../revision.ts';
import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import { EtcdFailure } from '../etcd-failure.ts';

/**
 * Checks that `events` begin at `next` and neither leave out nor repeat a revision, and returns the revision that has
 * to follow. A watch of all keys sees every revision: etcd gives a new one only to a transaction that changed a key.
 * Throws an {@link EtcdFailure} `etcd_history_gap`.
 */
export function followHistory(
  events: readonly DeltaEvent[],
  { next, endpoint }: { readonly next: Revision; readonly endpoint: string },
): Revision {
  let expected = next;
  let current: Revision | undefined;
  for (const { modRevision } of events) {
    if (modRevision === current) {
      continue;
    }
    if (modRevision !== expected) {
      throw new EtcdFailure({
        code: 'etcd_history_gap',
        action: 'follow the changes of',
        object: endpoint,
        found: `revision ${modRevision} came where ${expected} was due`,
      });
    }
    current = modRevision;
    expected = nextRevision(modRevision);
  }
  return expected;
}
