import { anyPod, ask, forAWhile, killFor } from './fault-parts.ts';
import { lateLead, powerLoss, rollBack, slowLead } from './rare-faults.ts';
import type { World } from './world.ts';

/** Makes something happen and says what. */
type Fault = (world: World) => string | Promise<string>;

const faults: readonly Fault[] = [
  crash,
  crash,
  pause,
  pause,
  pauseToPublish,
  transferLead,
  restartMember,
  restartMember,
  restartPod,
  cutOff,
  slowMember,
  slowLead,
  lateLead,
  powerLoss,
  hangingMember,
  lockedMember,
  storeMood,
  storeMood,
  partitionFromStore,
  apiMood,
  jumpClock,
  rollBack,
  compact,
  raiseAlarm,
  request,
  request,
  askForStart,
  wipe,
  wipe,
  damage,
  scaleUp,
  changePeerUrl,
  writeMuch,
  rest,
];

/** Picks one of the faults. */
export async function nextFault(world: World): Promise<string> {
  return await world.random.pick(faults)(world);
}

function crash(world: World): string {
  const { random } = world;
  const pod = anyPod(world);
  if (!pod.isRunning) {
    return 'nothing';
  }
  const ms = random.integer(60_000);
  killFor(world, pod, ms);
  return `${pod.process.name} is killed, and started again after ${ms} ms`;
}

function pause(world: World): string {
  const pod = anyPod(world, 'leader more often');
  const ms = world.random.integer(90_000);
  pod.process.pause(ms);
  return `${pod.process.name} is paused for ${ms} ms`;
}

/** The worst moments: its member has just said that it leads, or it goes by a listing, and it wakes up with that. */
function pauseToPublish(world: World): string {
  const { process } = anyPod(world, 'leader more often');
  const ms = 6_000 + world.random.integer(60_000);
  process.pausesToPublish = ms;
  for (const pod of world.pods) {
    pod.process.pausesToDelete = ms;
  }
  return `${process.name} will be paused for ${ms} ms when it is about to publish, and when it deletes`;
}

function transferLead({ cluster }: World): string {
  cluster.transferLead();
  return 'the lead is handed over';
}

function restartMember(world: World): string {
  const { random } = world;
  const { member, container } = anyPod(world, 'leader more often');
  const [ms, how] = [random.integer(40_000), random.pick(['signal', 'crash'] as const)];
  container.stop(how, ms);
  return `the etcd of ${member.name} ends by a ${how}, and is down for ${ms} ms at least`;
}

function restartPod(world: World): string {
  const pod = anyPod(world, 'leader more often');
  const ms = world.random.integer(40_000);
  pod.container.stop('signal', ms);
  killFor(world, pod, ms);
  return `the pod of ${pod.member.name} is down for ${ms} ms`;
}

function lockedMember(world: World): string {
  const { member } = anyPod(world, 'leader more often');
  return forAWhile(world, `${member.name} refuses every login`, (is) => {
    member.isLocked = is;
  });
}

function apiMood(world: World): string {
  const { api, random, pods, cluster } = world;
  const mood = random.pick(['slow', 'denying', 'hanging', 'contended', 'down', 'empty'] as const);
  const leading = pods.find(({ member }) => member === cluster.leader);
  if (leading !== undefined) {
    // Its lease has to be renewed when the API server is well again.
    ask(world, leading, 'full');
  }
  return forAWhile(world, `the API server is ${mood}`, (is) => {
    api.mood = is ? mood : 'well';
  });
}

function raiseAlarm(world: World): string {
  const { cluster, random } = world;
  const alarm = random.pick(['NOSPACE', 'CORRUPT'] as const);
  return forAWhile(world, `etcd raises the alarm ${alarm}`, (is) => {
    cluster.alarm = is ? alarm : undefined;
  });
}

/** The volume of a member is lost. Mostly the others are a quorum. */
function wipe(world: World): string {
  const { cluster, random, directories } = world;
  const pod = anyPod(world);
  const { member } = pod;
  const before = member.disk;
  member.disk = undefined;
  if (!cluster.isAlive && cluster.list.voters.length > 1 && !random.oneIn(6)) {
    member.disk = before;
    return 'nothing';
  }
  directories.wipe(member);
  pod.container.stop('crash', random.integer(20_000));
  killFor(world, pod, random.integer(20_000));
  return `the volume of ${member.name} is lost`;
}

/** Files of a member are damaged while it is down. Mostly the others are a quorum. */
function damage(world: World): string {
  const { cluster, random } = world;
  const { member, container } = anyPod(world);
  const { disk } = member;
  if (disk === undefined) {
    return 'nothing';
  }
  const health = random.pick(['short database', 'blank database', 'damaged log'] as const);
  container.stop('crash', random.integer(20_000));
  member.disk = { ...disk, health };
  if (!cluster.isAlive && cluster.list.voters.length > 1 && !random.oneIn(6)) {
    member.disk = disk;
    return `the etcd of ${member.name} crashes`;
  }
  return `the files of ${member.name} are damaged: ${health}`;
}

function scaleUp(world: World): string {
  const { pods, cluster } = world;
  if (pods.length > 1 || !cluster.isBootstrapped) {
    return 'nothing';
  }
  world.addPod();
  world.addPod();
  return 'the cluster is to have three members';
}

/** The peer URL of a member is another one, and its pod is started again. */
function changePeerUrl(world: World): string {
  const { configuration, random, cluster } = world;
  const pod = anyPod(world);
  // One that has not started cannot be found at another URL, or begins with another idea of the cluster.
  const haveAllStarted = cluster.list.entries.every(({ clientUrls }) => clientUrls.length > 0);
  const isWhole = haveAllStarted && cluster.list.entries.length === configuration.size;
  if (configuration.size === 1 || !cluster.isBootstrapped || !pod.member.isUp || !isWhole) {
    return 'nothing';
  }
  const { name } = pod.member;
  const url = configuration.peerUrlOf(name).replace(/\d+$/, (port) => String(Number(port) + 1));
  configuration.set(name, url);
  const ms = random.integer(20_000);
  pod.container.stop('signal', ms);
  killFor(world, pod, ms);
  return `${name} is to listen at ${url}`;
}

/** Somebody asks for an initialization, and may read its result before the container does. */
async function askForStart(world: World): Promise<string> {
  const pod = anyPod(world);
  const { life, process, member, starts } = pod;
  if (!pod.isRunning || process.isPaused || process.isDead || process.stop.signal.aborted) {
    return 'nothing';
  }
  const mode = world.random.pick(['full', 'sanity'] as const);
  await world.directories.write(member);
  if (member.isUp) {
    await world.directories.lock(member);
  }
  const { word, sent } = life.initialization.read();
  starts.read(word);
  starts.asked(mode, word);
  life.initialization.start(mode);
  if (life.initialization.read().word === 'Progress' && life.healthy) {
    world.invariants.violated(`${process.name} says it is healthy while it initializes`);
  }
  if (world.random.oneIn(2)) {
    sent();
  }
  return `somebody asks ${process.name} to initialize ${member.name} in mode ${mode}, and reads ${word}`;
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
  const mood = random.pick(['slow', 'failing', 'losing answers', 'down'] as const);
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

function compact({ cluster, random }: World): string {
  const to = Math.max(cluster.compacted, cluster.revision - random.integer(3));
  cluster.compacted = to;
  return `etcd is compacted up to revision ${to}`;
}

function request(world: World): string {
  const pod = anyPod(world, 'leader more often');
  return ask(world, pod, world.random.pick(['full', 'final full', 'delta', 'latest']));
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
