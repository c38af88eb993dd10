import type { Pod, World } from './world.ts';

/**
 * Looks at what an initialization has made of the files of a member, and lets its model follow. Nothing sound may be replaced or
 * emptied: a member of several goes only when its cluster does not know it any more, a single one only when its store has more.
 */
export async function judgeReplacement(world: World, pod: Pod): Promise<void> {
  const { directories, invariants, cluster, chronicle } = world;
  const { member } = pod;
  const { name, disk, applied } = member;
  const found = await directories.look(member);
  if (found.kind === 'as they were') {
    return;
  }
  const reached = invariants.restorable;
  const stored = typeof reached === 'object' ? reached.revision : 0;
  const isOneOfSeveral = pod.atStart.members > 1;
  // A member of several keeps what is left of its files until its cluster has let it go.
  const isNeeded = isOneOfSeveral
    ? cluster.list.of(disk?.id) !== undefined
    : disk?.health === 'sound' && applied >= stored;
  if (isNeeded) {
    const how = found.kind === 'gone' ? 'emptied' : 'replaced';
    invariants.violated(`the directory of ${name} (${disk?.health}, at revision ${applied}) was ${how}`);
  }
  if (found.kind === 'gone') {
    chronicle.tell(name, 'its directory made way');
    member.disk = undefined;
    return;
  }
  chronicle.tell(name, `its directory was restored to revision ${found.revision}`);
  if (isOneOfSeveral) {
    invariants.violated(`${name}, one of several, was restored alone`);
  }
  if (typeof reached !== 'object' || found.revision > reached.revision || found.revision < pod.atStart.restorable) {
    const from = `${pod.atStart.restorable} to ${typeof reached === 'object' ? reached.revision : reached}`;
    invariants.violated(`${name} was restored to revision ${found.revision}, and the store reached ${from}`);
    return;
  }
  member.disk = { id: found.id, clusterId: found.clusterId, health: 'sound' };
  cluster.beginLine(reached.line, found.revision);
  member.applied = found.revision;
  member.logged = found.revision;
  directories.adopt(member);
}
