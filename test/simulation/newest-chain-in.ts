import { type ChainPlan, newestChain } from '../../src/snapshot/chain.ts';
import { decodeMarker } from '../../src/snapshot/history/decode-marker.ts';
import { historiesOf } from '../../src/snapshot/history/histories.ts';
import { parseMarkerName, type StoreMarker } from '../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../src/snapstore/snapstore.ts';
import type { ModelObject } from './model-store.ts';

/** The newest chain of the living history among these objects. */
export function newestChainIn(objects: ReadonlyMap<string, ModelObject>): ChainPlan<StoredSnapshot> {
  const snapshots: StoredSnapshot[] = [];
  const markers: StoreMarker[] = [];
  for (const [key, { bytes }] of objects) {
    const parsed = parseRelativeKey(key.slice('etcd/'.length));
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (parsed.outcome === 'snapshot') {
      snapshots.push({ ...parsed.snapshot, key, size: bytes.length });
    } else if (parseMarkerName(name) !== undefined) {
      markers.push(decodeMarker(name, bytes));
    }
  }
  return newestChain(historiesOf(snapshots, markers).living.snapshots);
}
