import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtobufWriter } from '../../../../src/protobuf/writer.ts';
import { guarded, ReplayedStore } from '../../../support/replay/replayed-store.ts';
import { bytes, keys, put } from '../../../support/replay/request-messages.ts';

test('changes of users and roles decide about later requests, and each makes older logins stale', () => {
  const store = new ReplayedStore(guarded);
  const two = (first: string, second: string): Uint8Array => keys(first, second);
  store.as('ann', 5n).apply(1101, bytes(''));
  store.apply(1101, two('bob', ''));
  assert.deepEqual(store.as('bob', 5n).apply(4, put('a', '')), []);
  // Only an administrator may change rights; this makes bob another left.
  store.as('root', 5n).apply(1104, two('bob', 'left'));
  assert.deepEqual(store.as('bob', 5n).apply(4, put('a', '')), [], 'revision 5 is over');
  assert.deepEqual(store.as('bob', 6n).apply(4, put('a', '')), ['2/0 a= c2 v1 l0']);
  // Granting again changes nothing, so the login stays good.
  store.as('root', 6n).apply(1104, two('bob', 'left'));
  assert.deepEqual(store.as('bob', 6n).apply(4, put('b', '')), ['3/0 b= c3 v1 l0']);
  const permission = new ProtobufWriter().varint(1, 1).bytes(2, bytes('z')).finish();
  store.as('root', 6n).apply(1203, new ProtobufWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
  assert.deepEqual(store.as('bob', 7n).apply(4, put('z', '')), ['4/0 z= c4 v1 l0']);
  store.as('root', 7n).apply(1204, new ProtobufWriter().bytes(1, bytes('left')).bytes(2, bytes('z')).finish());
  assert.deepEqual(store.as('bob', 8n).apply(4, put('z', '')), []);
  store.as('root', 8n).apply(1201, two('left', ''));
  assert.deepEqual(store.as('bob', 9n).apply(4, put('a', '')), []);
  store.as('root', 9n).apply(1101, two('root', ''));
  store.apply(1105, two('root', 'root'));
  assert.ok(store.state.auth.isAdmin({ user: 'root', authRevision: 9n }), 'root cannot be taken away while it guards');
  store.apply(1011, new Uint8Array());
  assert.deepEqual(store.as('', 0n).apply(4, put('q', '')), ['5/0 q= c5 v1 l0']);
  store.apply(1101, two('root', ''));
  store.apply(1000, new Uint8Array());
  assert.deepEqual(store.apply(4, put('q', '2')), ['6/0 q=2 c5 v2 l0'], 'it cannot be turned on without root');
});

test('a permission replaces the first one with its key only, and others add up', () => {
  const store = new ReplayedStore(guarded);
  const grant = (type: number, revision: bigint, end: string): void => {
    const permission = new ProtobufWriter().varint(1, type).bytes(2, bytes('k')).bytes(3, bytes(end)).finish();
    store.as('root', revision).apply(1203, new ProtobufWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
  };
  grant(1, 5n, 'l');
  grant(0, 6n, 'l');
  assert.deepEqual(store.as('ann', 7n).apply(4, put('k', '')), [], 'only to be read now');
  grant(1, 7n, 'm');
  grant(0, 8n, 'm');
  assert.deepEqual(
    store.as('ann', 9n).apply(4, put('k', '')),
    ['2/0 k= c2 v1 l0'],
    'both permissions up to m are in effect',
  );
});
