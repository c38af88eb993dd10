import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRaftRequest } from '../../../../src/datadir/raft/raft-request.ts';
import { Alarms } from '../../../../src/datadir/replay/alarms.ts';
import { applyRequest } from '../../../../src/datadir/replay/apply.ts';
import { Auth, type AuthContents } from '../../../../src/datadir/replay/auth.ts';
import { Leases } from '../../../../src/datadir/replay/leases.ts';
import { LiveKeys } from '../../../../src/datadir/replay/live-keys.ts';
import type { ReplayedChange, StoreState } from '../../../../src/datadir/replay/store-state.ts';
import type { VersionRules } from '../../../../src/datadir/replay/version-rules.ts';
import { WireWriter } from '../../../../src/protobuf/wire-writer.ts';
import { versionRulesOf } from '../../../support/replay/version-rules-of.ts';

// Messages are written field by field as raft_internal.proto and rpc.proto number them.

interface Options {
  readonly lease?: bigint;
  readonly ignoreValue?: true;
  readonly ignoreLease?: true;
  readonly prevKv?: true;
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const put = (key: string, value: string, options: Options = {}): Uint8Array => {
  const writer = new WireWriter().bytes(1, bytes(key)).bytes(2, bytes(value));
  if (options.lease !== undefined) writer.varint(3, options.lease);
  if (options.prevKv) writer.bool(4, true);
  if (options.ignoreValue) writer.bool(5, true);
  if (options.ignoreLease) writer.bool(6, true);
  return writer.finish();
};
const keys = (key: string, end: string): Uint8Array =>
  new WireWriter().bytes(1, bytes(key)).bytes(2, bytes(end)).finish();
const numbers = (first: bigint, second = 0n): Uint8Array =>
  new WireWriter().varint(1, first).varint(2, second).finish();
const step = (field: 1 | 2 | 3 | 4, message: Uint8Array): Uint8Array => new WireWriter().bytes(field, message).finish();

function txn(parts: {
  readonly compare?: readonly Uint8Array[];
  readonly success?: readonly Uint8Array[];
  readonly failure?: readonly Uint8Array[];
}): Uint8Array {
  const writer = new WireWriter();
  for (const one of parts.compare ?? []) writer.bytes(1, one);
  for (const one of parts.success ?? []) writer.bytes(2, one);
  for (const one of parts.failure ?? []) writer.bytes(3, one);
  return writer.finish();
}

/** A condition: result and target by number, the given side in its own field. */
function compare(
  key: string,
  [result, target, given]: readonly [number, number, bigint | string],
  end = '',
): Uint8Array {
  const writer = new WireWriter().varint(1, result).varint(2, target).bytes(3, bytes(key));
  const field = [4, 5, 6, 7, 8][target] ?? 4;
  if (typeof given === 'string') writer.bytes(field, bytes(given));
  else writer.varint(field, given);
  return (end === '' ? writer : writer.bytes(64, bytes(end))).finish();
}

class Store {
  readonly changes: ReplayedChange[] = [];
  readonly state: StoreState;
  #user = '';
  #authRevision = 0n;

  constructor(auth: Partial<AuthContents> = {}, rules: VersionRules = versionRulesOf('3.6.16')) {
    this.state = {
      revision: 1,
      compactRevision: 0,
      keys: new LiveKeys(),
      leases: new Leases(),
      auth: new Auth({ enabled: false, revision: 5n, users: new Map(), roles: new Map(), ...auth }),
      rules,
      alarms: new Alarms({ nospace: [], corrupt: [] }),
    };
  }

  as(user: string, authRevision: bigint): this {
    this.#user = user;
    this.#authRevision = authRevision;
    return this;
  }

  /** Applies one request and returns its changes as short texts. */
  apply(field: number, message: Uint8Array): readonly string[] {
    const header = new WireWriter().varint(1, 99).bytes(2, bytes(this.#user)).varint(3, this.#authRevision).finish();
    const request = decodeRaftRequest(new WireWriter().bytes(field, message).bytes(100, header).finish());
    const before = this.changes.length;
    applyRequest(this.state, request, (change) => this.changes.push(change));
    return this.changes.slice(before).map(shortText);
  }
}

function shortText(change: ReplayedChange): string {
  const place = `${change.revision}/${change.sub} ${change.key}`;
  return change.kind === 'delete'
    ? `${place} deleted`
    : `${place}=${Buffer.from(change.value)} c${change.createRevision} v${change.version} l${change.lease}`;
}

test('a put adds a version, a delete ends them, and a request without changes uses up no revision', () => {
  const store = new Store();
  assert.deepEqual(store.apply(4, put('a', 'one')), ['2/0 a=one c2 v1 l0']);
  assert.deepEqual(store.apply(4, put('a', 'two')), ['3/0 a=two c2 v2 l0']);
  assert.deepEqual(store.apply(5, keys('b', '')), []);
  assert.deepEqual(store.apply(5, keys('a', '')), ['4/0 a deleted']);
  assert.deepEqual(store.apply(4, put('a', 'three')), ['5/0 a=three c5 v1 l0']);
  assert.deepEqual(store.apply(4, put('a', '', { ignoreValue: true })), ['6/0 a=three c5 v2 l0']);
  assert.deepEqual(store.apply(4, put('x', '', { ignoreValue: true })), []);
  assert.equal(store.state.revision, 6);
});

test('a range is deleted in key order, each key with a sub revision of its own', () => {
  const store = new Store();
  for (const key of ['c', 'a', 'b', 'd', 'b\0']) store.apply(4, put(key, ''));
  assert.deepEqual(store.apply(5, keys('a', 'c')), ['7/0 a deleted', '7/1 b deleted', '7/2 b\0 deleted']);
  assert.deepEqual(store.apply(5, keys('c', 'b')), []);
  assert.deepEqual(store.apply(5, keys('b', '\0')), ['8/0 c deleted', '8/1 d deleted']);
});

test('a put needs its lease, a revoked lease deletes its keys in order, and a new put detaches a key', () => {
  const store = new Store();
  assert.deepEqual(store.apply(4, put('a', '', { lease: 7n })), []);
  store.apply(8, numbers(60n, 7n));
  store.apply(8, numbers(60n, -2n));
  store.apply(8, numbers(9_000_000_001n, 8n));
  store.apply(8, numbers(60n, 0n));
  assert.deepEqual(
    [7n, -2n, 8n, 0n].map((id) => store.state.leases.has(id)),
    [true, true, false, false],
  );
  for (const key of ['c', 'a', 'b']) store.apply(4, put(key, '', { lease: 7n }));
  store.apply(4, put('b', 'kept', { lease: -2n }));
  assert.deepEqual(store.apply(4, put('c', 'new', { ignoreLease: true })), ['6/0 c=new c2 v2 l7']);
  assert.deepEqual(store.apply(9, numbers(7n)), ['7/0 a deleted', '7/1 c deleted']);
  assert.deepEqual(store.apply(9, numbers(7n)), []);
  assert.deepEqual(store.apply(9, numbers(-2n)), ['8/0 b deleted']);
});

const COMPARISONS: readonly [string, Uint8Array, boolean][] = [
  ['version equal', compare('k', [0, 0, 2n]), true],
  ['version greater', compare('k', [1, 0, 2n]), false],
  ['create revision less', compare('k', [2, 1, 3n]), true],
  ['mod revision not equal', compare('k', [3, 2, 3n]), false],
  ['mod revision against a negative number', compare('k', [1, 2, -1n]), true],
  ['value equal', compare('k', [0, 3, 'v2']), true],
  ['value greater', compare('k', [1, 3, 'v']), true],
  ['lease equal', compare('k', [0, 4, 9n]), true],
  ['an absent key has version 0', compare('n', [0, 0, 0n]), true],
  ['an absent key has no value, not even an empty one', compare('n', [0, 3, '']), false],
  ['an absent key has no value that differs either', compare('n', [3, 3, 'x']), false],
  ['a range holds for all keys', compare('k', [1, 0, 0n], 'l'), true],
  ['a range fails for one key', compare('k', [0, 0, 2n], 'l'), false],
  [
    'the given side counts only when it is of the target',
    new WireWriter().varint(1, 0).varint(2, 1).bytes(3, bytes('k')).varint(4, 2).finish(),
    false,
  ],
];

for (const [what, condition, expected] of COMPARISONS) {
  test(`comparison: ${what} ${expected ? 'holds' : 'fails'}`, () => {
    const store = new Store();
    store.apply(8, numbers(60n, 9n));
    store.apply(4, put('k', 'v1'));
    store.apply(4, put('k', 'v2', { lease: 9n }));
    store.apply(4, put('k2', ''));
    const request = txn({
      compare: [condition],
      success: [step(2, put('r', 'yes'))],
      failure: [step(2, put('r', 'no'))],
    });
    assert.deepEqual(store.apply(6, request), [`5/0 r=${expected ? 'yes' : 'no'} c5 v1 l0`]);
  });
}

test('nested transactions decide on the state before; steps share one revision', () => {
  const store = new Store();
  store.apply(4, put('a', '1'));
  const inner = txn({
    compare: [compare('a', [0, 3, '1'])],
    success: [step(2, put('b', 'inner')), step(3, keys('a', ''))],
    failure: [step(2, put('wrong', ''))],
  });
  const outer = txn({ success: [step(2, put('a', '2')), step(4, inner), step(2, put('c', ''))] });
  assert.deepEqual(store.apply(6, outer), [
    '3/0 a=2 c2 v2 l0',
    '3/1 b=inner c3 v1 l0',
    '3/2 a deleted',
    '3/3 c= c3 v1 l0',
  ]);
});

test('a transaction with one impossible step does nothing', () => {
  const store = new Store();
  store.apply(4, put('a', '1'));
  const missingLease = txn({ success: [step(2, put('b', '')), step(2, put('c', '', { lease: 5n }))] });
  assert.deepEqual(store.apply(6, missingLease), []);
  const nothingToKeep = txn({ success: [step(2, put('b', '')), step(2, put('n', '', { ignoreLease: true }))] });
  assert.deepEqual(store.apply(6, nothingToKeep), []);
  const range = new WireWriter().bytes(1, bytes('a')).varint(4, 50n).finish();
  const future = txn({ success: [step(4, txn({ success: [step(1, range), step(2, put('b', ''))] }))] });
  assert.deepEqual(store.apply(6, future), []);
  // Reads of the outermost level are not checked when the request comes from the log.
  const idle = txn({ success: [step(1, range), step(2, put('b', ''))] });
  assert.deepEqual(store.apply(6, idle), ['3/0 b= c3 v1 l0']);
});

test('a compaction moves forward and never beyond the newest revision', () => {
  const store = new Store();
  for (const key of ['a', 'b', 'c']) store.apply(4, put(key, ''));
  store.apply(7, numbers(3n));
  assert.equal(store.state.compactRevision, 3);
  store.apply(7, numbers(2n));
  store.apply(7, numbers(5n));
  store.apply(7, numbers(-1n));
  assert.equal(store.state.compactRevision, 3);
});

test('an alarm refuses the requests that it has to refuse', () => {
  const alarm = (action: number, kind: number): Uint8Array =>
    new WireWriter().varint(1, action).varint(2, 77n).varint(3, kind).finish();
  const store = new Store();
  store.apply(4, put('a', ''));
  store.apply(10, alarm(1, 1));
  assert.deepEqual(store.apply(4, put('b', '')), []);
  assert.deepEqual(store.apply(6, txn({ failure: [step(2, put('b', ''))], success: [step(3, keys('a', ''))] })), []);
  store.apply(8, numbers(60n, 7n));
  assert.equal(store.state.leases.has(7n), false);
  assert.deepEqual(store.apply(5, keys('a', '')), ['3/0 a deleted']);
  store.apply(10, alarm(2, 1));
  assert.deepEqual(store.apply(4, put('b', '')), ['4/0 b= c4 v1 l0']);
  store.apply(10, alarm(1, 2));
  assert.deepEqual(store.apply(5, keys('b', '')), []);
});

const GUARDED: Partial<AuthContents> = {
  enabled: true,
  users: new Map([
    ['root', ['root']],
    ['ann', ['left', 'right']],
    ['bob', []],
  ]),
  roles: new Map([
    [
      'left',
      [
        { type: 'readwrite', key: 'a', rangeEnd: 'c' },
        { type: 'read', key: 'x', rangeEnd: '' },
      ],
    ],
    [
      'right',
      [
        { type: 'write', key: 'c', rangeEnd: 'e' },
        { type: 'readwrite', key: 'p', rangeEnd: '\0' },
      ],
    ],
  ]),
};

test('without the right, at the wrong time, or without a login nothing changes', () => {
  const store = new Store(GUARDED);
  assert.deepEqual(store.as('', 0n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('bob', 5n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('nobody', 5n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('ann', 4n).apply(4, put('a', '')), []);
  assert.deepEqual(store.as('ann', 5n).apply(4, put('a', '')), ['2/0 a= c2 v1 l0']);
  assert.deepEqual(store.apply(4, put('e', '')), []);
  assert.deepEqual(store.apply(4, put('x', '')), ['3/0 x= c3 v1 l0']);
  assert.deepEqual(store.apply(4, put('d', '', { prevKv: true })), [], 'reading d is not allowed');
  assert.deepEqual(store.apply(4, put('d', '')), ['4/0 d= c4 v1 l0']);
  assert.deepEqual(
    store.apply(5, keys('a', 'e')),
    ['5/0 a deleted', '5/1 d deleted'],
    'two roles together cover a to e',
  );
  assert.deepEqual(store.apply(5, keys('a', 'f')), []);
  assert.deepEqual(store.apply(5, keys('x', '\0')), ['6/0 x deleted']);
  assert.deepEqual(store.apply(5, keys('o', '\0')), []);
  const peeking = txn({ compare: [compare('d', [0, 0, 0n])], success: [step(2, put('a', ''))] });
  assert.deepEqual(store.apply(6, peeking), []);
  assert.deepEqual(store.as('root', 5n).apply(4, put('e', '')), ['7/0 e= c7 v1 l0']);
});

test('a lease with keys of others cannot be used or ended', () => {
  const store = new Store(GUARDED);
  store.as('root', 5n).apply(8, numbers(60n, 7n));
  store.apply(4, put('f', '', { lease: 7n }));
  assert.deepEqual(store.as('ann', 5n).apply(4, put('a', '', { lease: 7n })), []);
  assert.deepEqual(store.apply(9, numbers(7n)), []);
  assert.deepEqual(store.as('root', 5n).apply(9, numbers(7n)), ['3/0 f deleted']);
});

test('changes of users and roles decide about later requests, and each makes older logins stale', () => {
  const store = new Store(GUARDED);
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
  const permission = new WireWriter().varint(1, 1).bytes(2, bytes('z')).finish();
  store.as('root', 6n).apply(1203, new WireWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
  assert.deepEqual(store.as('bob', 7n).apply(4, put('z', '')), ['4/0 z= c4 v1 l0']);
  store.as('root', 7n).apply(1204, new WireWriter().bytes(1, bytes('left')).bytes(2, bytes('z')).finish());
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

/** Requests that older versions of etcd apply without the right, and the first version that refuses them. */
const UNCHECKED: readonly [string, string, (store: Store) => readonly string[]][] = [
  [
    'nested transactions',
    '3.4.42',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(4, txn({ success: [step(2, put('f', ''))] }))] })),
  ],
  [
    'conditions of nested transactions',
    '3.5.28',
    (store) => {
      const peeking = txn({ compare: [compare('f', [0, 0, 1n])], success: [step(2, put('a', ''))] });
      return store.as('ann', 5n).apply(6, txn({ failure: [], success: [step(4, peeking)] }));
    },
  ],
  [
    'the lease of a put in a transaction',
    '3.6.11',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(2, put('a', '', { lease: 7n }))] })),
  ],
  [
    'the value a put in a transaction returns',
    '3.4.44',
    (store) => store.as('ann', 5n).apply(6, txn({ success: [step(2, put('d', '', { prevKv: true }))] })),
  ],
];

for (const [what, refusedSince, request] of UNCHECKED) {
  test(`rights to ${what} are checked since etcd ${refusedSince}`, () => {
    const outcome = (version: string): number => {
      const store = new Store(GUARDED, versionRulesOf(version));
      store.as('root', 5n).apply(8, numbers(60n, 7n));
      store.apply(4, put('f', '', { lease: 7n }));
      return request(store).length;
    };
    assert.equal(outcome(refusedSince), 0);
    assert.equal(outcome('3.7.0'), 0);
    const line = refusedSince.slice(0, 4);
    assert.equal(outcome(`${line}${Number(refusedSince.slice(4)) - 1}`), 1);
    assert.equal(outcome(`${line}0`), 1);
  });
}

test('an administrator with an old login ends leases since etcd 3.4.27 and 3.5.10', () => {
  const outcome = (version: string): number => {
    const store = new Store(GUARDED, versionRulesOf(version));
    store.as('root', 5n).apply(8, numbers(60n, 7n));
    store.apply(4, put('f', '', { lease: 7n }));
    return store.as('root', 4n).apply(9, numbers(7n)).length;
  };
  assert.deepEqual(['3.4.26', '3.4.27', '3.5.9', '3.5.10', '3.6.0', '3.7.1'].map(outcome), [0, 1, 0, 1, 1, 1]);
});

test('a permission over nothing counts as a change up to etcd 3.4.24 and 3.5.7', () => {
  const outcome = (version: string): number => {
    const store = new Store(GUARDED, versionRulesOf(version));
    const permission = new WireWriter().varint(1, 2).bytes(2, bytes('z')).bytes(3, bytes('y')).finish();
    store.as('root', 5n).apply(1203, new WireWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
    return store.as('ann', 5n).apply(4, put('a', '')).length;
  };
  assert.deepEqual(['3.4.24', '3.4.25', '3.5.7', '3.5.8', '3.6.0'].map(outcome), [0, 1, 0, 1, 1]);
});

test('a permission replaces the first one with its key only, and others add up', () => {
  const store = new Store(GUARDED);
  const grant = (type: number, revision: bigint, end: string): void => {
    const permission = new WireWriter().varint(1, type).bytes(2, bytes('k')).bytes(3, bytes(end)).finish();
    store.as('root', revision).apply(1203, new WireWriter().bytes(1, bytes('left')).bytes(2, permission).finish());
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

test('a read of the outermost level counts since etcd 3.7', () => {
  const outcome = (version: string): readonly number[] => {
    const future = new WireWriter().bytes(1, bytes('a')).varint(4, 50n).finish();
    const open = new Store({}, versionRulesOf(version));
    const beyond = open.apply(6, txn({ success: [step(1, future), step(2, put('a', ''))] }));
    const guarded = new Store(GUARDED, versionRulesOf(version)).as('ann', 5n);
    const peeking = guarded.apply(6, txn({ success: [step(1, keys('d', '')), step(2, put('a', ''))] }));
    return [beyond.length, peeking.length];
  };
  assert.deepEqual(['3.4.44', '3.6.16', '3.7.0', '3.7.3'].map(outcome), [
    [1, 1],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
});
