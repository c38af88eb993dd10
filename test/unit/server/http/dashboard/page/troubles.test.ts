import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DashboardState, DashboardStore } from '../../../../../../src/server/dashboard/dashboard-document.ts';
import { troublesOf } from '../../../../../../src/server/http/dashboard/page/troubles.ts';

const now = 1_795_251_600_000;
const seconds = now / 1_000;

const state: DashboardState = {
  version: '0.1.0',
  member: {
    id: 'a1',
    role: 'leader',
    phase: 'leader, snapshotter active',
    isHealthy: true,
    etcdVersion: '3.5.27',
    databaseBytes: 1,
    revision: 70,
  },
  peers: { list: [], problem: null },
  backup: {
    estimatedRestoreSeconds: 3,
    storeOutageSeconds: 0,
    proof: null,
    unprovable: null,
    secondary: null,
    nextRuns: { full: null, defragmentation: null, verification: null },
  },
  errors: [],
  proofs: [],
};

const store: DashboardStore = {
  location: 'S3 bucket/prefix',
  listedAt: new Date(now - 5_000).toISOString(),
  problem: null,
  totals: { fulls: 1, deltas: 0, fullBytes: 1, deltaBytes: 0, hidden: 0 },
  recovery: { reach: { at: seconds - 40, revision: 70 }, endsAt: seconds, seconds: 86_400, ages: [] },
  rivals: { deltas: 0, newest: null },
  forks: 0,
  snapshots: [],
  gaps: [],
  retention: null,
};

const peer = { id: 'b2', name: 'etcd-main-1', isOwn: false, isLeader: false, isLearner: false } as const;
const proof = { at: new Date(now - 3_600_000).toISOString(), provableRevision: 58, problems: ['Full-1 is torn'] };

interface Changes {
  readonly member?: Partial<DashboardState['member']>;
  readonly peers?: DashboardState['peers'];
  readonly backup?: Partial<DashboardState['backup']>;
  readonly store?: Partial<DashboardStore>;
}

/** What is said of a backup that is well but for the changes. */
function said(changes: Changes): readonly string[] {
  const changed = {
    ...state,
    member: { ...state.member, ...changes.member },
    peers: changes.peers ?? state.peers,
    backup: { ...state.backup, ...changes.backup },
  };
  return troublesOf({ state: changed, store: { ...store, ...changes.store }, now }).map(({ text }) => text);
}

describe('what is wrong', () => {
  it('is nothing while all is well, and before anything is known of the store', () => {
    assert.deepEqual(said({}), []);
    assert.deepEqual(troublesOf({ state, store: undefined, now }), []);
    assert.deepEqual(said({ member: { role: 'follower', phase: 'follower', isHealthy: false } }), []);
  });

  for (const [title, changes, expected] of [
    ['the store is down', { backup: { storeOutageSeconds: 754 } }, /^The store has failed for 12 min;/],
    [
      'the store was never listed',
      { store: { listedAt: null, problem: 'denied', recovery: { ...store.recovery, reach: null } } },
      /^The store cannot be listed, what it holds is not known: denied$/,
    ],
    [
      'the store cannot be listed any more',
      { store: { problem: 'denied' } },
      /it is shown as it was less than a minute ago: denied$/,
    ],
    ['there is no leader', { member: { role: 'unknown', phase: 'unknown', isHealthy: false } }, /knows no leader/],
    [
      'revisions are missing',
      { store: { gaps: [{ from: 71, to: 80, at: null }] } },
      /^Revisions 71 to 80 are missing: a restore ends at revision 70 of 2026-11-21 08:59:20 UTC$/,
    ],
    [
      'a proof has failed',
      { backup: { proof: { ...proof, outcome: 'damaged' } } },
      /^The backup was found damaged 1 h ago: it can be restored up to revision 58: Full-1 is torn$/,
    ],
    [
      'a proof was not made, as without a key',
      { backup: { proof: { ...proof, outcome: 'not found out', problems: [] } } },
      /^Whether the backup can be restored was not found out 1 h ago$/,
    ],
    [
      'no key opens the backup',
      { backup: { unprovable: 'cannot verify the newest backup: it is encrypted' } },
      /not found out: it is encrypted, and no identity opens it$/,
    ],
    [
      'a clock is wrong',
      { store: { recovery: { ...store.recovery, reach: { at: seconds + 7_200, revision: 70 } } } },
      /dated 2 h into the future/,
    ],
    [
      'two snapshotters write',
      { store: { rivals: { deltas: 2, newest: { name: 'Incr-1-2-3', at: seconds - 60 } } } },
      /^Another snapshotter writes to the same place: 2 deltas .* Incr-1-2-3$/,
    ],
    [
      'changes wait',
      {
        member: { revision: 90 },
        store: { recovery: { ...store.recovery, reach: { at: seconds - 1_000, revision: 70 } } },
      },
      /^Changes wait for a snapshot: etcd is at revision 90, a restore reaches 70, which is 16 min old$/,
    ],
    [
      'nothing was ever stored',
      { store: { recovery: { ...store.recovery, reach: null } } },
      /^There is no snapshot that a restore could begin with$/,
    ],
    ['two histories are mixed', { store: { forks: 1 } }, /^The store holds two histories/],
    [
      'a peer is away',
      { peers: { list: [{ ...peer, sidecar: 'unreachable' }], problem: null } },
      /^The sidecar of etcd-main-1 cannot be reached$/,
    ],
    [
      'the leader of others is not well',
      { peers: { list: [{ ...peer, isLeader: true, sidecar: 'answers' }], problem: null } },
      /^The sidecar of the leader etcd-main-1 is not healthy/,
    ],
    ['the members are not told', { peers: { list: [], problem: 'etcd is away' } }, /^The members are not known: etcd/],
    ['no store is configured', { member: { phase: 'leader, no store' } }, /^Nothing is backed up/],
    ['the snapshotter waits', { member: { phase: 'leader, snapshotter inactive' } }, /^No snapshots are taken/],
    ['the second copy fails', { backup: { secondary: { upTo: null, outcome: 'failed' } } }, /^The second copy/],
  ] satisfies readonly (readonly [string, Changes, RegExp])[]) {
    it(`is said where ${title}`, () => {
      const texts = said(changes);
      assert.equal(texts.length, 1, texts.join('\n'));
      assert.match(texts[0] ?? '', expected);
    });
  }

  it('does not ask again for the full that was taken after a failed proof', () => {
    const damaged = { ...state, backup: { ...state.backup, proof: { ...proof, outcome: 'damaged' } } };
    const remedy = (at: number): string | undefined =>
      troublesOf({
        state: damaged,
        store: { ...store, snapshots: [{ name: 'Full', kind: 'Full', at, from: 0, to: 70, bytes: 1 }] },
        now,
      })[0]?.remedy;
    assert.match(remedy(seconds - 7_200) ?? '', /^take a full snapshot/);
    assert.match(remedy(seconds - 60) ?? '', /^a full snapshot was taken since then/);
  });

  it('is no old delta of another writer, as a change of the lead may leave one, and no gap that a full has outlived', () => {
    const rivals = { deltas: 1, newest: { name: 'Incr-1-2-3', at: seconds - 7_200 } };
    assert.deepEqual(said({ store: { rivals, gaps: [{ from: 31, to: 40, at: null }] } }), []);
  });
});
