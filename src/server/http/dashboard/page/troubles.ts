import type { DashboardState, DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { count, counted, moment, roughly } from './format.ts';

/** What a person has to know first, and what to do about it. */
export interface Trouble {
  readonly text: string;
  readonly remedy: string;
}

/** What the page knows. */
export interface Known {
  readonly state: DashboardState;
  /** Undefined before the first news. */
  readonly store: DashboardStore | undefined;
  /** ms since the epoch. */
  readonly now: number;
}

/** Changes that wait longer than this are a trouble, as for the alert EtcdBackupNotUpToDate, seconds. */
const longestWaitSeconds = 900;
/** So long a second writer is a trouble after its newest delta, seconds: a change of the lead may let one more be written. */
const rivalSeconds = 3_600;
/** Clocks may differ by so much before it is said, seconds. */
const skewSeconds = 60;

/** All that is wrong, the worst first. Pure. */
export function troublesOf(known: Known): readonly Trouble[] {
  return [...troublesOfRecovery(known), ...troublesOfStore(known), ...troublesOfCluster(known)];
}

/** What prevents a restore. */
function troublesOfRecovery({ state, store, now }: Known): readonly Trouble[] {
  const { proof, unprovable } = state.backup;
  const found: Trouble[] = [];
  const add = (text: string, remedy: string): void => void found.push({ text, remedy });
  if (proof?.outcome === 'damaged') {
    const what = proof.problems.length === 0 ? '' : `: ${proof.problems.join('; ')}`;
    const reached =
      proof.provableRevision === null
        ? 'nothing of it can be restored'
        : `it can be restored up to revision ${count(proof.provableRevision)}`;
    const since = ago(Date.parse(proof.at), now);
    add(
      `The backup was found damaged ${since}: ${reached}${what}`,
      hasFullSince(store, Date.parse(proof.at))
        ? 'a full snapshot was taken since then: run etcdbrctl verify to see that it is sound'
        : 'take a full snapshot, and run etcdbrctl verify',
    );
  } else if (unprovable !== null) {
    add(
      'Whether the backup can be restored is not found out: it is encrypted, and no identity opens it',
      'give --identity, or --verification-schedule off and run etcdbrctl verify where the secret key is',
    );
  } else if (proof !== null && proof.outcome !== 'sound') {
    add(
      `Whether the backup can be restored was not found out ${ago(Date.parse(proof.at), now)}`,
      'see the last errors, or run etcdbrctl verify --level restore',
    );
  }
  if (store === undefined || store.listedAt === null) {
    return found;
  }
  const { reach } = store.recovery;
  if (reach === null) {
    add('There is no snapshot that a restore could begin with', 'take a full snapshot');
  }
  const last = store.gaps.at(-1);
  if (last !== undefined && reach !== null && last.from > reach.revision) {
    const text = `Revisions ${count(last.from)} to ${count(last.to)} are missing: a restore ends at revision ${count(reach.revision)} of ${moment(reach.at * 1_000)}`;
    add(text, 'take a full snapshot');
  }
  if (store.forks > 0) {
    add(
      'The store holds two histories of the cluster that no marker separates: name the one that is meant when you restore',
      'run etcdbrctl list, and restore with --snapshot',
    );
  }
  if (reach !== null) {
    found.push(...troublesOfAge({ state, now }, reach));
  }
  return found;
}

function troublesOfAge(
  { state, now }: Pick<Known, 'state' | 'now'>,
  reach: NonNullable<DashboardStore['recovery']['reach']>,
): readonly Trouble[] {
  const age = now / 1_000 - reach.at;
  const { revision } = state.member;
  if (age < -skewSeconds) {
    const text = `The newest snapshot is dated ${roughly(-age)} into the future: its age is not known`;
    return [{ text, remedy: 'set the clocks of the nodes right' }];
  }
  if (revision !== null && waitsTooLong({ reach, revision, now })) {
    const text = `Changes wait for a snapshot: etcd is at revision ${count(revision)}, a restore reaches ${count(reach.revision)}, which is ${roughly(age)} old`;
    return [{ text, remedy: 'see the last errors and the log of the sidecar that leads' }];
  }
  return [];
}

/** Whether etcd has had changes for long that a restore would not bring back. `now` is in ms since the epoch. */
export function waitsTooLong({
  reach,
  revision,
  now,
}: {
  readonly reach: DashboardStore['recovery']['reach'];
  readonly revision: number | null;
  readonly now: number;
}): boolean {
  const isBehind = reach !== null && revision !== null && revision > reach.revision;
  return isBehind && now / 1_000 - reach.at > longestWaitSeconds;
}

function troublesOfStore({ state, store, now }: Known): readonly Trouble[] {
  const found: Trouble[] = [];
  const { storeOutageSeconds, secondary } = state.backup;
  const remedy = 'run etcdbrctl check-store with the flags of the server';
  if (storeOutageSeconds > 0) {
    found.push({ text: `The store has failed for ${roughly(storeOutageSeconds)}; changes wait here`, remedy });
  }
  if (store !== undefined && store.problem !== null) {
    const asOf =
      store.listedAt === null
        ? 'what it holds is not known'
        : `it is shown as it was ${ago(Date.parse(store.listedAt), now)}`;
    found.push({ text: `The store cannot be listed, ${asOf}: ${store.problem}`, remedy });
  }
  const rival = store?.rivals.newest ?? null;
  if (store !== undefined && rival !== null && now / 1_000 - rival.at < rivalSeconds) {
    found.push({
      text: `Another snapshotter writes to the same place: ${counted(store.rivals.deltas, 'delta')} with revisions that others hold, the newest is ${rival.name}`,
      remedy: 'stop one of the two, or give each cluster a --store-prefix of its own',
    });
  }
  if (secondary?.outcome === 'failed') {
    found.push({ text: 'The second copy has failed', remedy: 'see the last errors' });
  }
  return found;
}

function troublesOfCluster({ state }: Known): readonly Trouble[] {
  const { member, peers } = state;
  const found: Trouble[] = [];
  if (member.role === 'unknown') {
    const text = 'The etcd of this member does not answer, or knows no leader: nothing is backed up from here';
    found.push({ text, remedy: 'see the log of etcd; without a quorum there is no leader' });
  } else if (member.phase === 'leader, snapshotter inactive') {
    const text = 'No snapshots are taken just now: the first one is on its way, or the sidecar waits after a failure';
    found.push({ text, remedy: 'see the last errors and the log' });
  } else if (member.phase === 'leader, no store') {
    found.push({ text: 'Nothing is backed up: no store is configured', remedy: 'give --storage-provider' });
  } else if (member.role === 'leader' && !member.isHealthy) {
    found.push({ text: 'etcd leads and does not answer this sidecar', remedy: 'see the log of etcd' });
  }
  if (peers.problem !== null) {
    const text = `The members are not known${peers.list.length === 0 ? '' : ' any more'}: ${peers.problem}`;
    found.push({ text, remedy: 'see the log of etcd' });
  }
  for (const { id, name, isOwn, isLeader, sidecar } of peers.list) {
    if (sidecar === 'unreachable') {
      found.push({ text: `The sidecar of ${name ?? id} cannot be reached`, remedy: 'look at its pod or its machine' });
    } else if (isLeader && !isOwn && sidecar !== 'healthy') {
      const text = `The sidecar of the leader ${name ?? id} is not healthy: nobody may be backing up`;
      found.push({ text, remedy: 'open its page, and see its log' });
    }
  }
  return found;
}

/** `at` is in ms since the epoch. */
function hasFullSince(store: DashboardStore | undefined, at: number): boolean {
  return store?.snapshots.some(({ kind, at: seconds }) => kind === 'Full' && seconds * 1_000 > at) === true;
}

function ago(at: number, now: number): string {
  return `${roughly((now - at) / 1_000)} ago`;
}
