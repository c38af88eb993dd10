import type { WalMetadata } from '../../datadir/wal/record.ts';
import type { FilesOwner } from './decide.ts';
import type { PlaceInCluster } from './place-in-cluster.ts';

/** Whose the files of a log are, held against what the cluster says of our member. */
export function filesOwner(log: WalMetadata | undefined, place: PlaceInCluster): FilesOwner {
  if (log === undefined || place.kind === 'unreachable') {
    return 'unknown';
  }
  if (place.clusterId !== undefined && place.clusterId !== log.clusterId) {
    return 'another cluster';
  }
  const isListed = place.memberIds.includes(log.nodeId);
  if (place.kind !== 'unknown to it' && place.memberId === log.nodeId) {
    return 'our member';
  }
  if (isListed) {
    return 'another member';
  }
  return place.clusterId === undefined ? 'unknown' : 'a removed member';
}
