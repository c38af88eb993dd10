import { nextRevision } from '../../revision.ts';
import type { FailureParts } from '../../runtime/failure.ts';
import { revisionsAre } from '../../snapshot/revision-range-text.ts';
import type { RunParts } from './run-parts.ts';
import type { SnapshotterRequest } from './snapshotter-request.ts';

/** What is in no snapshot at the end of a run although it has seen it, or was to store it; undefined when nothing is. */
export function undoneBy(
  { chain, watermark, fullLoop }: Pick<RunParts, 'chain' | 'watermark' | 'fullLoop'>,
  { cluster, store, takesDeltas }: Pick<SnapshotterRequest, 'cluster' | 'store'> & { readonly takesDeltas: boolean },
): Pick<FailureParts, 'action' | 'object' | 'found' | 'remedy'> | undefined {
  if (chain.newest.full === undefined || (!takesDeltas && fullLoop.hasAbandoned)) {
    return {
      action: 'take a full snapshot of',
      object: cluster.location,
      found: `it was not stored in ${store.location} before the end`,
      remedy: 'start again',
    };
  }
  const { known } = watermark;
  if (!takesDeltas || known <= chain.covered) {
    return undefined;
  }
  return {
    action: 'store the last changes of',
    object: cluster.location,
    found: `${revisionsAre({ from: nextRevision(chain.covered), to: known })} not in ${store.location}`,
    remedy: 'start again while etcd has them: it begins with a full snapshot',
  };
}
