import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import { anyPod, ask, forAWhile, killFor } from './fault-parts.ts';
import type { World } from './world.ts';

/** A member leads that has not applied all of its log, and a full is asked for. */
export function slowLead(world: World): string {
  const { cluster, time } = world;
  const pod = anyPod(world);
  const { member } = pod;
  if (member === cluster.leader || !cluster.hasQuorum(member)) {
    return 'nothing';
  }
  const slow = forAWhile(world, `${member.name} applies nothing, and is to lead,`, (is) => {
    member.isSlow = is;
    cluster.changed();
  });
  for (let tries = 0; tries < 4 && cluster.leader !== member; tries++) {
    cluster.transferLead();
  }
  cluster.write();
  time.after(12_000, () => ask(world, pod, 'full'));
  return slow;
}

/** A member applies nothing while deltas go on being stored; then it leads, and a full is asked for. */
export function lateLead(world: World): string {
  const { cluster, time, random } = world;
  const pod = random.pick(world.pods);
  const { member } = pod;
  if (member === cluster.leader || !cluster.hasQuorum(member)) {
    return 'nothing';
  }
  const ms = 30_000 + random.integer(20_000);
  const { heals } = world;
  const later = (afterMs: number, step: () => void): void => {
    time.after(afterMs, () => {
      if (world.heals === heals) {
        step();
      }
    });
  };
  member.isSlow = true;
  cluster.write();
  later(ms, () => {
    cluster.write();
    for (let tries = 0; tries < 4 && cluster.leader !== member; tries++) {
      cluster.transferLead();
    }
  });
  later(ms + 15_000, () => void ask(world, pod, 'full'));
  later(ms + 40_000 + random.integer(40_000), () => {
    member.isSlow = false;
    cluster.changed();
  });
  return `${member.name} applies nothing, and is to lead in ${ms} ms`;
}

/** All lose power at once; one of several comes back first, without its volume or with damaged files. */
export function powerLoss(world: World): string {
  const { pods, random, cluster, directories } = world;
  const lost = random.pick(pods);
  const before = lost.member.disk;
  const health = random.pick(['lost', 'short database', 'blank database', 'damaged log'] as const);
  if (before === undefined || pods.length === 1) {
    return 'nothing';
  }
  const after = health === 'lost' ? undefined : { ...before, health };
  lost.member.disk = after;
  const isAlive = cluster.isAlive;
  lost.member.disk = before;
  if (!isAlive) {
    return 'nothing';
  }
  for (const pod of pods) {
    const ms = random.integer(5_000) + (pod === lost ? 0 : 20_000 + random.integer(30_000));
    pod.container.stop('crash', ms);
    if (pod.isRunning) {
      killFor(world, pod, random.integer(5_000));
    }
  }
  lost.member.disk = after;
  if (after === undefined) {
    directories.wipe(lost.member);
  }
  return `all lose power, and the volume of ${lost.member.name} is ${health}`;
}

/** The cluster is put back to an older state: by a few revisions, or to before the newest full. */
export function rollBack(world: World): string {
  const { cluster, random, store, objects } = world;
  const fulls = [...store.objects.keys()].map((key) => objects.truthOf(key)).filter((truth) => truth?.kind === 'Full');
  const newest = fulls.at(-1)?.to ?? cluster.revision;
  const from = random.oneIn(2) ? cluster.revision : Math.min(cluster.revision, newest);
  const to = Math.max(goldenRevision, from - random.integer(8));
  cluster.rollBack(to);
  return `the cluster is put back to revision ${to}`;
}
