import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import type { Pod, World } from './world.ts';

/** Makes something happen and says what. */
type Fault = (world: World) => string;

const faults: readonly Fault[] = [
  crash,
  crash,
  pause,
  pause,
  transferLead,
  restartMember,
  cutOff,
  slowMember,
  hangingMember,
  storeMood,
  storeMood,
  partitionFromStore,
  jumpClock,
  rollBack,
  compact,
  request,
  request,
  writeMuch,
  rest,
];

/** Picks one of the faults. */
export function nextFault(world: World): string {
  return world.random.pick(faults)(world);
}

function crash(world: World): string {
  const { random, time } = world;
  const pod = anyPod(world);
  if (!pod.isRunning) {
    return 'nothing';
  }
  const ms = random.integer(60_000);
  pod.process.kill();
  time.after(ms, () => {
    if (!pod.isRunning) {
      world.restart(pod);
    }
  });
  return `${pod.process.name} is killed, and started again after ${ms} ms`;
}

function pause(world: World): string {
  const pod = anyPod(world, 'leader more often');
  const ms = world.random.integer(90_000);
  pod.process.pause(ms);
  return `${pod.process.name} is paused for ${ms} ms`;
}

function transferLead({ cluster }: World): string {
  cluster.transferLead();
  return 'the lead is handed over';
}

function restartMember(world: World): string {
  const { random, time, cluster } = world;
  const { member } = anyPod(world, 'leader more often');
  const ms = random.integer(40_000);
  cluster.stopMember(member);
  time.after(ms, () => cluster.startMember(member));
  return `member ${member.name} is down for ${ms} ms`;
}

function cutOff(world: World): string {
  const { member } = anyPod(world, 'leader more often');
  return forAWhile(world, `member ${member.name} is cut off from the others`, (is) => {
    member.isCutOff = is;
    world.cluster.changed();
  });
}

function slowMember(world: World): string {
  const { member } = anyPod(world);
  if (member === world.cluster.leader) {
    return 'nothing';
  }
  return forAWhile(world, `member ${member.name} applies nothing`, (is) => {
    member.isSlow = is;
    world.cluster.changed();
  });
}

function hangingMember(world: World): string {
  const { member } = anyPod(world, 'leader more often');
  return forAWhile(world, `member ${member.name} answers nothing`, (is) => {
    member.isHanging = is;
  });
}

function storeMood(world: World): string {
  const { store, random } = world;
  const mood = random.pick(['slow', 'failing', 'down'] as const);
  return forAWhile(world, `the store is ${mood}`, (is) => {
    store.mood = is ? mood : 'well';
  });
}

function partitionFromStore(world: World): string {
  const { process } = anyPod(world, 'leader more often');
  return forAWhile(world, `${process.name} does not reach the store`, (is) => {
    world.store.unreachable[is ? 'add' : 'delete'](process);
  });
}

function jumpClock(world: World): string {
  const { process } = anyPod(world);
  const ms = world.random.pick([-3_600_000, -60_000, -1_500, 1_500, 60_000, 3_600_000]);
  process.jump(ms);
  return `the clock of ${process.name} jumps by ${ms} ms`;
}

function rollBack({ cluster, random }: World): string {
  const to = Math.max(goldenRevision, cluster.revision - random.integer(8));
  cluster.rollBack(to);
  return `the cluster is put back to revision ${to}`;
}

function compact({ cluster, random }: World): string {
  const to = Math.max(cluster.compacted, cluster.revision - random.integer(3));
  cluster.compacted = to;
  return `etcd is compacted up to revision ${to}`;
}

function request(world: World): string {
  const { life, process } = anyPod(world, 'leader more often');
  const access = life.snapshots;
  if (access.kind !== 'leads' || process.isDead) {
    return 'nothing';
  }
  const kind = world.random.pick(['full', 'final full', 'delta', 'latest'] as const);
  const what = `${kind} of ${process.name}`;
  const { taker } = access;
  const answer =
    kind === 'delta'
      ? taker.takeDelta()
      : kind === 'latest'
        ? taker.latest({ signal: process.stop.signal })
        : taker.takeFull({ final: kind === 'final full' });
  world.request(what, answer);
  return `request for a ${what}`;
}

function writeMuch({ cluster, random }: World): string {
  const count = random.integer(40);
  for (let done = 0; done < count; done++) {
    cluster.write();
  }
  return `${count} writes`;
}

function rest(world: World): string {
  world.heal();
  return 'all is well for a moment';
}

function forAWhile({ random, time }: World, what: string, set: (is: boolean) => void): string {
  const ms = random.integer(90_000);
  set(true);
  time.after(ms, () => set(false));
  return `${what} for ${ms} ms`;
}

function anyPod({ pods, cluster, random }: World, which: 'any' | 'leader more often' = 'any'): Pod {
  const leading = pods.find(({ member }) => member === cluster.leader);
  return which === 'leader more often' && leading !== undefined && random.oneIn(2) ? leading : random.pick(pods);
}
