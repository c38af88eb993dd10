import path from 'node:path';
import { readWalOwner } from '../../datadir/wal/wal-owner.ts';
import { mountPoints } from '../../fs/mount-points.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';
import { reasonOf } from './data-dir-state.ts';
import { type Decision, decide } from './decide.ts';
import { filesOwner } from './files-owner.ts';
import { checkAsFound, holdAsFound } from './hold-as-found.ts';
import type { InitializeRequest, InitializeResult } from './initialize-request.ts';
import type { MemberOfCluster, PlaceInCluster } from './place-in-cluster.ts';
import { refusalFailure } from './refusal-failure.ts';
import { nameAside, setMemberAside } from './replace-data-dir.ts';
import { type DirectoryAtHand, restoreInvalid } from './restore-invalid.ts';
import { startAnew } from './start-anew.ts';

/**
 * Decides what is done about a directory, and does it: keeps it, restores it, makes way for a new member, or has our member join its
 * cluster. Throws a {@link Failure} when nothing may be done; the directory is then as it was.
 */
export async function settleDirectory(directory: DirectoryAtHand, context: RunContext): Promise<InitializeResult> {
  const { request, found, stored } = directory;
  const several = isOneOfSeveral(request);
  const cluster = several ? await clusterToAsk(directory) : undefined;
  const place = await cluster?.(context);
  const decision = decide({
    found: found.state,
    members: several ? 'several' : 'one',
    store: stored.content,
    cluster: place?.kind ?? 'not asked',
    files: place === undefined ? 'unknown' : filesOwner(await logOwner(directory, context), place),
    remembered: place?.kind === 'unreachable' && place.remembered !== undefined,
    decidedBy: request.cluster === undefined ? 'person' : 'sidecar',
  });
  refuseUnnamedMembers(directory, decision);
  if (!several && (decision.action === 'restore' || decision.action === 'start anew')) {
    await refuseOthersAlive(directory, context);
  }
  if (decision.action !== 'keep' && decision.action !== 'refuse') {
    await refuseMounts(directory);
  }
  return await perform(decision, { ...directory, place }, context);
}

/** What is mounted at `member/` or below cannot make way, and would come back over what is restored: said before the work. */
async function refuseMounts({ request: { dataDir }, lock }: DirectoryAtHand): Promise<void> {
  const member = path.join(lock.dataDir, 'member');
  const point = (await mountPoints()).find((each) => each === member || each.startsWith(`${member}/`));
  if (point !== undefined) {
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: `${point} is a mount point, and member/ cannot be replaced with it`,
      remedy: `mount the volume at the data directory itself, or, for the log, give etcd and this --wal-dir; or move member/ away by hand. Nothing was changed`,
    });
  }
}

type Settled = DirectoryAtHand & { readonly place: PlaceInCluster | undefined };

async function perform(decision: Decision, settled: Settled, context: RunContext): Promise<InitializeResult> {
  const { request, found, stored } = settled;
  switch (decision.action) {
    case 'keep':
      return { found, action: 'kept', restored: undefined };
    case 'restore':
      return await restoreInvalid({ ...settled, store: storeOf(settled) }, context);
    case 'start anew':
      return await startNew(settled, context);
    case 'make way':
      return await makeWay(settled, { otherwise: 'none', moved: 'moved_aside' }, context);
    case 'join':
      await checkAsFound(settled, context);
      await call(request.cluster, 'join', context);
      return await makeWay(settled, { otherwise: 'joined', moved: 'joined' }, context);
    case 'rebuild':
      // The files are of use until the cluster has agreed to send everything again. From the first step on they are those of
      // a removed member, which the next run finds out if this one ends here.
      await checkAsFound(settled, context);
      await call(request.cluster, 'leave', context);
      await call(request.cluster, 'join', context);
      return await makeWay(settled, { otherwise: 'rebuilt', moved: 'rebuilt' }, context);
    case 'refuse':
      throw refusalFailure(decision.because, { request, found, stored, place: settled.place });
    default:
      return decision satisfies never;
  }
}

async function call(
  cluster: MemberOfCluster | undefined,
  change: 'join' | 'leave',
  { signal }: RunContext,
): Promise<void> {
  if (cluster?.join === undefined || cluster.leave === undefined) {
    throw new TypeError(`the cluster cannot be asked to let the member ${change}`);
  }
  await (change === 'join' ? cluster.join({ signal }) : cluster.leave({ signal }));
}

function storeOf({ request: { store } }: Settled): SnapStore {
  if (store === undefined) {
    throw new TypeError('there is no store to restore from');
  }
  return store;
}

function isOneOfSeveral({ member, cluster }: InitializeRequest): boolean {
  return cluster !== undefined || member.initialCluster.size > 1;
}

/** How the cluster is asked; undefined where its answer would change nothing, or nobody can be asked. */
function clusterToAsk(directory: DirectoryAtHand): ((context: RunContext) => Promise<PlaceInCluster>) | undefined {
  const { request, found, stored } = directory;
  const { cluster, connection, member, dataDir } = request;
  if (cluster !== undefined) {
    // A member that has all its files may start at once: an answer of the cluster counts, but is not waited for.
    return ({ signal }) => cluster.place({ signal, insists: found.state !== 'valid' });
  }
  const isAsked = stored.content === 'backups' || (stored.content === 'empty' && found.state !== 'absent');
  if (found.state === 'valid' || !isAsked || connection === undefined) {
    return undefined;
  }
  return async (context) => {
    const { placeInCluster } = await import('./living-cluster.ts');
    return await placeInCluster({ member, connection }, context, { action: 'initialize', dataDir });
  };
}

async function logOwner({ structure, lock }: DirectoryAtHand, { signal }: RunContext): ReturnType<typeof readWalOwner> {
  return structure.kind === 'member' ? await lock.asOwner(() => readWalOwner(structure.walDir, { signal })) : undefined;
}

/** The db of a directory may name members that the command line does not. */
async function refuseOthersAlive(
  { request, found, structure, lock }: DirectoryAtHand,
  context: RunContext,
): Promise<void> {
  if (structure.kind !== 'member' && structure.kind !== 'without log') {
    return;
  }
  const { membersInFiles } = await import('./members-in-files.ts');
  const { refuseLivingMembers } = await import('./refuse-living-members.ts');
  const members = await lock.asOwner(() => membersInFiles(structure.db, context));
  await refuseLivingMembers({ dataDir: request.dataDir, found, members, tls: request.connection }, context);
}

/** One of several members must not be restored as if it were alone, nor make way without a look at the others. */
function refuseUnnamedMembers({ request, found }: DirectoryAtHand, { action }: Decision): void {
  const { dataDir, member, configuredMembers = 1 } = request;
  const isUnnamed = configuredMembers > 1 && member.initialCluster.size < 2;
  if (isUnnamed && (action === 'restore' || (action === 'start anew' && found.state !== 'absent'))) {
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: `${reasonOf(found)}; etcd's configuration names ${configuredMembers} members, and --initial-cluster is not given`,
      remedy:
        'give --name, --initial-cluster and --initial-advertise-peer-urls of this member, and --endpoints of the others',
    });
  }
}

/** Moves what is there aside, for a member to whom its cluster sends everything. */
async function makeWay(
  settled: Settled,
  actions: { readonly otherwise: InitializeResult['action']; readonly moved: InitializeResult['action'] },
  context: RunContext,
): Promise<InitializeResult> {
  const { request, found, lock, wal } = settled;
  await using _held = await holdAsFound(settled, context);
  const keptAside = await setMemberAside(lock.directory, context);
  await wal?.setAside(nameAside(context));
  context.log.info(
    { keptAside },
    `${request.member.name} was added to its cluster, which sends everything to it when it starts`,
  );
  return keptAside === undefined
    ? { found, action: actions.otherwise, restored: undefined }
    : { found, action: actions.moved, restored: undefined, keptAside };
}

async function startNew(settled: Settled, context: RunContext): Promise<InitializeResult> {
  const { request, found, lock, wal } = settled;
  const { dataDir, store } = request;
  const absent = found.state === 'absent';
  if (store === undefined) {
    context.log.info(`There is nothing to restore ${dataDir} from; a new member can start.`);
    return { found, action: 'none', restored: undefined };
  }
  if (absent && (await wal?.holdsLog())) {
    throw new Failure({
      code: 'data_dir_invalid',
      action: 'initialize',
      object: dataDir,
      found: `it is missing, while ${wal?.name} holds a log, and there is no backup`,
      remedy: 'mount the volume of the data directory, or move the log away to start a new member',
    });
  }
  await using _held = absent ? undefined : await holdAsFound(settled, context);
  const started = await startAnew({ dataDir, directory: lock.directory, absent, store }, context);
  if (started.action === 'moved_aside') {
    await wal?.setAside(nameAside(context));
  }
  return { found, restored: undefined, ...started };
}
