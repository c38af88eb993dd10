import { markAheadOfClock } from '../../snapshot/history/mark-ahead-of-clock.ts';
import { markStoredOrder } from '../../snapshot/history/mark-stored-order.ts';
import { compareInChainOrder } from '../../snapshot/order.ts';
import { HistoryMarkers } from '../backups/history-marker-store.ts';
import type { Bucket, CallOptions } from '../bucket.ts';
import type { StoreListing } from '../snapstore.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import type { PrefixObjects } from './prefix-groups.ts';

/** The listing that the store of a prefix would give, from objects that were listed already. Reads the history markers among them. Throws a StoreError. */
export async function listingOf(
  bucket: Bucket,
  { prefix, snapshots, markers }: PrefixObjects,
  { upload, signal }: CallOptions & { readonly upload: UploadSettings },
): Promise<StoreListing> {
  const ordered = snapshots.toSorted(compareInChainOrder);
  const folder = `${prefix === '' ? '' : `${prefix}/`}v2/`;
  const reader = new HistoryMarkers(bucket, { folder, upload, log: upload.log });
  const read = markers.length === 0 ? [] : (await reader.read(markers, snapshots, { signal })).markers;
  const now = Math.floor(upload.clock.now() / 1_000);
  return { snapshots: markAheadOfClock(markStoredOrder(ordered, read), read, now), markers: read, ignored: [] };
}
