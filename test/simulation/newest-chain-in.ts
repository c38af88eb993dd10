import { type ChainPlan, newestChain } from '../../src/snapshot/chain.ts';
import { announcedName, announcementsIn, markersInForce } from '../../src/snapshot/history/announcement.ts';
import { decodeMarker } from '../../src/snapshot/history/decode-marker.ts';
import { historiesOf } from '../../src/snapshot/history/histories.ts';
import {
  beginsHistory,
  type HistoryMarker,
  parseMarkerName,
  type StoreMarker,
} from '../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../src/snapstore/snapstore.ts';
import type { ModelObject } from './model-store.ts';

/** The newest chain of the living history among these objects. */
export function newestChainIn(objects: ReadonlyMap<string, ModelObject>): ChainPlan<StoredSnapshot> {
  const snapshots: StoredSnapshot[] = [];
  const markers: StoreMarker[] = [];
  const announced: HistoryMarker[] = [];
  for (const [key, { bytes }] of objects) {
    const parsed = parseRelativeKey(key.slice('etcd/'.length));
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (parsed.outcome === 'snapshot') {
      snapshots.push({ ...parsed.snapshot, key, size: bytes.length });
    } else if (parseMarkerName(name) !== undefined) {
      markers.push(decodeMarker(name, bytes));
    } else {
      const marker = announcedName(name);
      announced.push(...(marker === undefined ? [] : [decodeMarker(marker, bytes)].filter(beginsHistory)));
    }
  }
  const inForce = markersInForce(markers, announcementsIn(announced, { snapshots, markers }));
  return newestChain(historiesOf(snapshots, inForce).living.snapshots);
}
