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
  const isNeeded = pod.atStart.members > 1 ? cluster.list.of(disk?.id) !== undefined : applied >= stored;
  if (disk?.health === 'sound' && isNeeded) {
    invariants.violated(
      `the sound directory of ${name}, at revision ${applied}, was ${found.kind === 'gone' ? 'emptied' : 'replaced'}`,
    );
  }
  if (found.kind === 'gone') {
    chronicle.tell(name, 'its directory made way');
    member.disk = undefined;
    return;
  }
  chronicle.tell(name, `its directory was restored to revision ${found.revision}`);
  if (pod.atStart.members > 1) {
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
