import type { Pod, World } from './world.ts';

/**
 * Whether something that a sidecar asks tells now that its member had, or has, a cluster: a backup, the lease of a member, another
 * member at its peer URL. Without all of these the first start of all members looks the same.
 */
export function remembers(
  { store, invariants, api, cluster, pods, hasLeases }: World,
  { member, process }: Pod,
): boolean {
  const hasBackup = invariants.restorable !== undefined && store.mood === 'well' && !store.unreachable.has(process);
  const isHeld = pods.some((pod) => api.leases.get(pod.member.name)?.holder !== undefined);
  const isKnown = cluster.list.entries.some(({ name, clientUrls }) => name === member.name && clientUrls.length > 0);
  const peerTells = cluster.members.some(
    (other) => other !== member && other.isUp && !other.isHanging && !other.isCutOff && !member.isCutOff,
  );
  return hasBackup || (hasLeases && isHeld && api.mood === 'well') || (isKnown && peerTells);
}
