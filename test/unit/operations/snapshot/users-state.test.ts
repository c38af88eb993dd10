import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EtcdFailure } from '../../../../src/etcd/etcd-failure.ts';
import { put } from '../../../support/fixtures/delta-events.ts';
import { periodMs, startRig, watchingRig } from '../../../support/snapshotter/snapshotter-rig.ts';

const failure = (code: 'etcd_auth' | 'etcd_unreachable') =>
  new EtcdFailure({ code, action: 'ask the users of', object: 'http://scripted:2379', found: 'the test says so' });

describe('a change of users or roles', () => {
  test('brings a full at once', async () => {
    await using rig = await watchingRig();
    rig.cluster.commit(put('a', 59));
    rig.cluster.changeUsers();
    await rig.clock.advance(periodMs);
    await rig.logged(/^Users or roles have changed: taking a full snapshot/);
    const names = await rig.saved(3);
    assert.ok(
      names.some((name) => name.startsWith('Full-00000000-00000059')),
      names.join(),
    );
    await rig.clock.advance(periodMs * 5);
    assert.equal(rig.log.count(/^Users or roles have changed/), 1);
  });

  test('brings one also when it was made while the full before was being read', async () => {
    await using rig = startRig({}, { prepare: (cluster) => cluster.holdSnapshots() });
    await rig.logged(/^Taking full snapshot/);
    rig.cluster.changeUsers();
    rig.cluster.goOn();
    await rig.saved(1);
    await rig.clock.untilSleeping(periodMs);
    await rig.clock.advance(periodMs);
    await rig.logged(/^Users or roles have changed/);
  });

  test('is looked for only when more than keys has changed: the question is a write to etcd', async () => {
    await using rig = await watchingRig();
    const asked = rig.cluster.usersAsked;
    for (let at = 59; at < 64; at++) {
      rig.cluster.commit(put('a', at));
      await rig.clock.advance(periodMs);
    }
    assert.equal(rig.cluster.usersAsked, asked);
    rig.cluster.changeOther();
    await rig.clock.advance(periodMs * 3);
    assert.equal(rig.cluster.usersAsked, asked + 1);
    assert.equal(rig.log.count(/^Users or roles have changed/), 0);
  });

  test('does not make an idle cluster be read again', async () => {
    await using rig = await watchingRig();
    await rig.clock.advance(3_600_000);
    await rig.logged(/^There are no updates since last snapshot/);
    assert.equal(rig.store.saved.length, 1);
  });

  test('that etcd does not tell of is said once, and ends nothing', async () => {
    await using rig = await watchingRig({}, { prepare: (cluster) => (cluster.users = failure('etcd_auth')) });
    rig.cluster.changeOther();
    await rig.clock.advance(periodMs * 3);
    assert.equal(rig.log.count(/^Changes of users and roles are only in the next full snapshot/), 1);
    assert.equal(rig.cluster.usersAsked, 1);
  });

  test('is said to be found later where etcd again and again does not answer what goes through its log', async () => {
    await using rig = await watchingRig();
    rig.cluster.users = failure('etcd_unreachable');
    rig.cluster.changeOther();
    const warning = /^etcd has not answered 3 questions that go through its log one after the other.*the test says so/;
    for (let period = 0; period < 2; period++) {
      await rig.clock.advance(periodMs);
    }
    assert.equal(rig.log.count(warning), 0);
    await rig.clock.advance(periodMs * 10);
    assert.equal(rig.log.count(warning), 1);
    rig.cluster.users = 1;
    await rig.clock.advance(periodMs);
    assert.equal(rig.log.count(/^etcd answers questions that go through its log again/), 1);
  });

  test('is found later when etcd cannot be asked in between', async () => {
    await using rig = await watchingRig();
    rig.cluster.users = failure('etcd_unreachable');
    rig.cluster.changeOther();
    await rig.clock.advance(periodMs * 2);
    rig.cluster.users = 7;
    await rig.clock.advance(periodMs);
    await rig.logged(/^Users or roles have changed/);
  });
});
