import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { EtcdGateway } from '../../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import type { EtcdServer } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import type { EtcdCluster, SnapshotSource } from '../../../src/etcd/cluster.ts';
import { takeFullSnapshot } from '../../../src/operations/snapshot/take-once.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { type Connected, connected, startWatch } from '../../support/etcd/connected.ts';
import { type EtcdMembers, startEtcdMembers } from '../../support/etcd/etcd-members.ts';
import { MemoryStore } from '../../support/stores/memory-store.ts';

/** Transactions of two keys each, one after the other, at any member that answers. */
async function write(cluster: EtcdMembers, transactions: number): Promise<number> {
  let revision = 0;
  for (let number = 0; number < transactions; number++) {
    revision = await eventually(
      async () => {
        for (const member of cluster.members.filter((each) => each.isRunning())) {
          const writes = ['one', 'two'].map((key) => ({ put: key, value: `${number}` }));
          const made = await new EtcdGateway(member.clientUrl).write(writes).catch(() => undefined);
          if (made !== undefined) {
            return made;
          }
        }
        return undefined;
      },
      { timeoutMs: 60_000 },
    );
  }
  return revision;
}

/** The member that the next call goes to. */
async function inUse({ cluster, signal }: Connected, { members }: EtcdMembers): Promise<EtcdServer> {
  const { endpoint } = await cluster.status({ signal });
  const member = members.find(({ clientUrl }) => clientUrl === endpoint);
  assert.ok(member !== undefined, endpoint);
  return member;
}

/** The members that have sent a snapshot since `before`. */
function senders({ members }: EtcdMembers, before: ReadonlyMap<EtcdServer, number>): readonly EtcdServer[] {
  return members.filter((member) => sent(member) > (before.get(member) ?? 0));
}

function sent(member: EtcdServer): number {
  return member.log().split('sending database snapshot to client').length;
}

test('three members: a full is read from the kind of member that is wanted, also after the leader changed', async () => {
  await using members = await startEtcdMembers(await etcdRelease('3.5'), { count: 3 });
  const connections = new Map<SnapshotSource, Connected>();
  await using stack = new AsyncDisposableStack();
  for (const snapshotFrom of ['follower', 'leader', 'any'] as const) {
    connections.set(snapshotFrom, stack.use(await connected(members.endpoints, { snapshotFrom })));
  }
  let leader = await members.leader();
  for (const round of ['as elected', 'after a change']) {
    for (const [wanted, { cluster, signal }] of connections) {
      const before = new Map(members.members.map((member) => [member, sent(member)]));
      for await (const _ of cluster.snapshot({ signal })) {
        // Only the sender matters.
      }
      const [sender, ...others] = await eventually(() => {
        const found = senders(members, before);
        return found.length > 0 ? found : undefined;
      });
      assert.deepEqual(others, [], `${wanted}, ${round}`);
      assert.equal(sender === leader, wanted === 'leader', `${wanted}, ${round}: ${sender?.name} leads`);
    }
    leader = await members.moveLeader();
  }
});

test('three members: the watch misses nothing over leader change, kill -9, restart and removal of its own member', async () => {
  await using members = await startEtcdMembers(await etcdRelease('3.5'), { count: 3 });
  await using connection = await connected(members.endpoints);
  const watch = startWatch(connection, 2);
  await watch.reached(await write(members, 20));
  await members.moveLeader();
  await watch.reached(await write(members, 20));
  const killed = await inUse(connection, members);
  await killed.kill9();
  await watch.reached(await write(members, 20));
  await killed.restart();
  const removed = await inUse(connection, members);
  assert.notEqual(removed, killed);
  // While it goes, others write.
  const [, last] = await Promise.all([members.remove(removed), write(members, 40)]);
  await eventually(() => (removed.isRunning() ? undefined : true), { timeoutMs: 60_000 });
  const events = await watch.reached(Math.max(last, await write(members, 5)));
  assert.notEqual(await inUse(connection, members), removed);
  const delivered = events.map(({ key, modRevision }) => `${Buffer.from(key).toString()}@${modRevision}`);
  const whole = Array.from({ length: (events.at(-1)?.modRevision ?? 0) - 1 }, (_, at) => [
    `one@${at + 2}`,
    `two@${at + 2}`,
  ]);
  assert.deepEqual(delivered, whole.flat());
});

test('three members: the one that sends a full is killed, and another one sends it again', async () => {
  await using members = await startEtcdMembers(await etcdRelease('3.5'), { count: 3 });
  const [first] = members.members;
  assert.ok(first !== undefined);
  for (let number = 0; number < 12; number++) {
    await new EtcdGateway(first.clientUrl).write([{ put: `large/${number}`, value: randomBytes(1_000_000) }]);
  }
  const last = await write(members, 1);
  await using connection = await connected(members.endpoints);
  using dir = makeTempDir();
  const { cluster, signal, log } = connection;
  const killed: string[] = [];
  const dying: EtcdCluster = {
    location: cluster.location,
    status: (options) => cluster.status(options),
    position: (options) => cluster.position(options),
    members: (options) => cluster.members(options),
    alarms: (options) => cluster.alarms(options),
    usersState: (options) => cluster.usersState(options),
    defragment: (...args) => cluster.defragment(...args),
    leaseTtl: (...args) => cluster.leaseTtl(...args),
    watch: (options) => cluster.watch(options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    async *snapshot(options) {
      for await (const chunk of cluster.snapshot(options)) {
        if (killed.length === 0) {
          const sender = await inUse(connection, members);
          killed.push(sender.name);
          await sender.kill9();
        }
        yield chunk;
      }
    },
  };
  const store = new MemoryStore();
  const { snapshot } = await takeFullSnapshot(
    { cluster: dying, store, compression: 'none', tempDir: dir.path, final: false },
    { signal, log, clock: systemClock, progress: silentProgress },
  );
  assert.equal(killed.length, 1);
  assert.ok(snapshot.lastRevision >= last - 1, `${snapshot.name} of ${last}`);
  assert.equal(log.count(/^Reading the snapshot again/), 1);
});
