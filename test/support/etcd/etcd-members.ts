import type { EtcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';

/** A cluster of several members; disposing stops those that run. */
export interface EtcdMembers extends AsyncDisposable {
  readonly members: readonly EtcdServer[];
  readonly endpoints: readonly string[];
  /** The leader; waits for an election. */
  leader(): Promise<EtcdServer>;
  /** Makes another member lead, and waits until it does. */
  moveLeader(): Promise<EtcdServer>;
  /** Takes a member out of the cluster; its etcd then ends by itself. */
  remove(member: EtcdServer): Promise<void>;
}

interface Status {
  readonly memberId: string;
  readonly leaderId: string;
}

/** Starts a cluster of `count` members and waits until it has a leader. */
export async function startEtcdMembers(
  release: EtcdRelease,
  { count }: { readonly count: number },
): Promise<EtcdMembers> {
  const peers = await Promise.all(Array.from({ length: count }, () => freePort()));
  const initialCluster = peers.map((port, at) => `m${at}=http://127.0.0.1:${port}`).join(',');
  await using stack = new AsyncDisposableStack();
  const members = await Promise.all(
    peers.map(async (peerPort, at) =>
      stack.use(await startEtcd({ release, name: `m${at}`, peerPort, initialCluster, readiness: 'listening' })),
    ),
  );
  const leader = async (): Promise<EtcdServer> =>
    await eventually(
      async () => {
        const statuses = await Promise.all(members.filter((each) => each.isRunning()).map(statusOf));
        return statuses.find((each) => each !== undefined && each.status.memberId === each.status.leaderId)?.member;
      },
      { timeoutMs: 60_000, describe: () => 'there is no leader' },
    );
  await leader();
  const started = stack.move();
  return {
    members,
    endpoints: members.map(({ clientUrl }) => clientUrl),
    leader,
    moveLeader: async () => {
      const before = await leader();
      const next = members.find((each) => each !== before && each.isRunning());
      const status = next === undefined ? undefined : (await statusOf(next))?.status;
      // Only the leader can hand over, and only to a member that keeps up.
      await before.etcdctl('move-leader', hexadecimal(status?.memberId));
      return await eventually(async () => ((await leader()) === next ? next : undefined), { timeoutMs: 60_000 });
    },
    remove: async (member) => {
      const status = (await statusOf(member))?.status;
      const other = members.find((each) => each !== member && each.isRunning());
      // Right after a change etcd refuses another one until all members have seen the first.
      await eventually(
        () =>
          other?.etcdctl('member', 'remove', hexadecimal(status?.memberId)).then(
            () => true,
            () => undefined,
          ),
        { timeoutMs: 60_000, describe: () => `${member.name} was not removed` },
      );
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Undefined when the member does not answer. */
async function statusOf(
  member: EtcdServer,
): Promise<{ readonly member: EtcdServer; readonly status: Status } | undefined> {
  const text = await member.etcdctl('endpoint', 'status', '--write-out=json').catch(() => '');
  // Ids do not fit a number; JSON.parse would round them.
  const memberId = /"member_id":(\d+)/.exec(text)?.[1];
  const leaderId = /"leader":(\d+)/.exec(text)?.[1];
  return memberId === undefined || leaderId === undefined ? undefined : { member, status: { memberId, leaderId } };
}

function hexadecimal(id: string | undefined): string {
  return BigInt(id ?? '0').toString(16);
}
