import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { etcdLines, etcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { freePort } from '../../../scripts/lab/free-port.ts';
import { EtcdFailure, type EtcdFailureCode } from '../../../src/etcd/etcd-failure.ts';
import { connected } from '../../support/etcd/connected.ts';
import { startEtcdMembers } from '../../support/etcd/etcd-members.ts';

/** True for a failure with `code` whose message matches `pattern`. */
function failsWith(code: EtcdFailureCode, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EtcdFailure, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  };
}

/** Repeats `change` until etcd accepts it: it first wants all voters to have been connected for five seconds. */
async function onceAllAreConnected<T>(change: () => Promise<T>): Promise<T> {
  const { value } = await eventually(
    () =>
      change().then(
        (value) => ({ value }),
        (error: unknown) => {
          failsWith('etcd_unreachable', /unhealthy cluster/)(error);
          return undefined;
        },
      ),
    { timeoutMs: 60_000, describe: () => 'etcd does not accept the change' },
  );
  return value;
}

for (const line of etcdLines) {
  describe(`etcd ${line}`, () => {
    test('a learner is added, promoted when it is in sync, moved and removed', async () => {
      const release = await etcdRelease(line);
      await using etcd = await startEtcd({ release, name: 'm0' });
      await using connection = await connected([etcd.clientUrl]);
      const { members, signal } = connection;
      const [first, ...others] = await members.list({ signal });
      assert.ok(first !== undefined);
      assert.deepEqual(others, []);
      const { memberId } = await members.ownStatus({ signal });
      assert.deepEqual(first, {
        id: memberId,
        name: 'm0',
        peerUrls: [etcd.peerUrl],
        clientUrls: [etcd.clientUrl],
        isLearner: false,
      });

      const peerPort = await freePort();
      const peerUrl = `http://127.0.0.1:${peerPort}`;
      const added = await onceAllAreConnected(() => members.addLearner([peerUrl], { signal }));
      assert.deepEqual(added, { id: added.id, name: undefined, peerUrls: [peerUrl], clientUrls: [], isLearner: true });
      assert.deepEqual(
        (await members.list({ signal })).find(({ id }) => id === added.id),
        added,
      );
      await assert.rejects(members.addLearner([peerUrl], { signal }), failsWith('etcd_member_exists', /is in use/));
      await assert.rejects(
        members.addLearner([`http://127.0.0.1:${await freePort()}`], { signal }),
        failsWith('etcd_too_many_learners', /too many learners already/),
      );
      await assert.rejects(
        members.promote(added.id, { signal }),
        failsWith('etcd_learner_not_ready', new RegExp(`${added.id.toString(16)}.*not in sync`)),
      );
      await assert.rejects(members.promote(memberId, { signal }), failsWith('etcd_not_a_learner', /votes already/));

      await using learner = await startEtcd({
        release,
        name: 'm1',
        peerPort,
        initialCluster: `m0=${etcd.peerUrl},m1=${peerUrl}`,
        readiness: 'listening',
        extraArgs: ['--initial-cluster-state', 'existing'],
      });
      await using learnerConnection = await connected([learner.clientUrl]);
      const learned = await eventually(async () => {
        const status = await learnerConnection.members.ownStatus({ signal });
        return status.leaderId === memberId ? status : undefined;
      });
      assert.equal(learned.memberId, added.id);
      assert.equal(learned.isLearner, true);
      assert.equal(learned.endpoint, learner.clientUrl);
      await assert.rejects(
        learnerConnection.members.list({ signal }),
        failsWith('etcd_learner_refuses', /is a learner.*--endpoints/),
      );
      // What a learner refuses, the next member answers.
      await using both = await connected([learner.clientUrl, etcd.clientUrl]);
      assert.equal((await both.members.list({ signal })).length, 2);

      await eventually(() => members.promote(added.id, { signal }).then(() => true, assertNotReady), {
        timeoutMs: 60_000,
      });
      await eventually(async () => {
        const { isLearner } = await learnerConnection.members.ownStatus({ signal });
        return isLearner ? undefined : true;
      });
      assert.equal((await members.list({ signal })).find(({ id }) => id === added.id)?.name, 'm1');

      await onceAllAreConnected(() => members.remove(added.id, { signal }));
      assert.deepEqual(await members.list({ signal }), [first]);
      for (const change of [
        () => members.remove(added.id, { signal }),
        () => members.promote(added.id, { signal }),
        () => members.updatePeerUrls(added.id, [peerUrl], { signal }),
      ]) {
        await assert.rejects(change, failsWith('etcd_member_not_found', new RegExp(added.id.toString(16))));
      }
    });

    test('peer URLs are replaced', async () => {
      await using etcd = await startEtcd({ release: await etcdRelease(line) });
      await using connection = await connected([etcd.clientUrl]);
      const { members, signal } = connection;
      const { memberId } = await members.ownStatus({ signal });
      const peerUrls = ['http://127.0.0.1:1', etcd.peerUrl];
      await members.updatePeerUrls(memberId, peerUrls, { signal });
      const [member] = await members.list({ signal });
      assert.deepEqual(member?.peerUrls.toSorted(), peerUrls.toSorted());
    });

    test('the own status is that of the first endpoint, and of no other one while it is away', async () => {
      await using members = await startEtcdMembers(await etcdRelease(line), { count: 3 });
      const leader = await members.leader();
      const own = members.members.find((each) => each !== leader);
      assert.ok(own !== undefined);
      const others = members.endpoints.filter((endpoint) => endpoint !== own.clientUrl);
      await using connection = await connected([own.clientUrl, ...others], {
        serviceEndpoints: others,
        connectionTimeoutMs: 60_000,
      });
      const { members: membership, cluster, signal } = connection;
      const status = await membership.ownStatus({ signal });
      const listed = await membership.list({ signal });
      const nameOf = (id: bigint | undefined): string | undefined => listed.find((each) => each.id === id)?.name;
      assert.equal(status.endpoint, own.clientUrl);
      assert.equal(nameOf(status.memberId), own.name);
      assert.equal(nameOf(status.leaderId), leader.name);
      assert.equal(status.version, own.release.version);
      assert.equal(status.isLearner, false);
      assert.ok(status.raftTerm >= 2n && status.raftIndex > 0n && status.dbSize > 0 && status.revision >= 1);
      await own.kill9();
      assert.notEqual((await cluster.status({ signal })).memberId, status.memberId);
      const timeoutMs = 2_000;
      const unanswered = membership.ownStatus({ signal, timeoutMs });
      await assert.rejects(unanswered, failsWith('etcd_unreachable', new RegExp(`status of ${own.clientUrl}: `)));
      await own.restart();
      // A member answers only after it has joined a quorum.
      await eventually(() => membership.ownStatus({ signal, timeoutMs }).catch(() => undefined));
      await Promise.all(others.map((url) => members.members.find(({ clientUrl }) => clientUrl === url)?.kill9()));
      const leaderless = await eventually(async () => {
        const now = await membership.ownStatus({ signal, timeoutMs });
        return now.leaderId === undefined ? now : undefined;
      });
      assert.equal(leaderless.memberId, status.memberId);
    });
  });
}

test('with users: the status of a learner, which refuses logins, is asked with the login of another member', async () => {
  const release = await etcdRelease('3.5');
  await using etcd = await startEtcd({ release, name: 'm0', rootPassword: 'secret-of-root' });
  const login = { username: 'root', password: 'secret-of-root' };
  await using connection = await connected([etcd.clientUrl], login);
  const { members, signal } = connection;
  const peerPort = await freePort();
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const added = await onceAllAreConnected(() => members.addLearner([peerUrl], { signal }));
  await using learner = await startEtcd({
    release,
    name: 'm1',
    peerPort,
    initialCluster: `m0=${etcd.peerUrl},m1=${peerUrl}`,
    readiness: 'listening',
    extraArgs: ['--initial-cluster-state', 'existing'],
  });
  const service = { serviceEndpoints: [etcd.clientUrl], ...login };
  await using own = await connected([learner.clientUrl], service, { answer: 'not awaited' });
  const status = await eventually(() => own.members.ownStatus({ signal }).catch(() => undefined));
  assert.equal(status.memberId, added.id);
  assert.equal(status.isLearner, true);
});

test('the members of a cluster are there before any of them answers', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  await using connection = await connected([url], {}, { answer: 'not awaited' });
  const { members, signal } = connection;
  await assert.rejects(members.ownStatus({ signal }), failsWith('etcd_unreachable', /connection refused/));
  await using _etcd = await startEtcd({ release: await etcdRelease('3.5'), clientPort: Number(new URL(url).port) });
  const status = await eventually(() => members.ownStatus({ signal, timeoutMs: 2_000 }).catch(() => undefined));
  assert.equal(status.endpoint, url);
});

function assertNotReady(error: unknown): undefined {
  failsWith('etcd_learner_not_ready', /not in sync/)(error);
}
