import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Decision,
  decide,
  type FilesOwner,
  type Refusal,
  type Situation,
} from '../../../../src/operations/initialize/decide.ts';

const states = [
  'valid',
  'absent',
  'invalid_structure',
  'db_corrupt',
  'wal_corrupt',
  'behind_store',
  'wrong_volume',
  'locked',
] as const satisfies readonly Situation['found'][];
const stores = ['not configured', 'empty', 'backups', 'unusable'] as const satisfies readonly Situation['store'][];
const clusters = [
  'not asked',
  'unreachable',
  'unknown to it',
  'awaited',
  'member',
] as const satisfies readonly Situation['cluster'][];
const owners = [
  'our member',
  'another member',
  'a removed member',
  'another cluster',
  'unknown',
] as const satisfies readonly FilesOwner[];
const invalid = ['invalid_structure', 'db_corrupt', 'wal_corrupt', 'behind_store'] as const;

/** The situations of a row: each field may take several values; left out, it takes all. */
interface Row {
  readonly members: Situation['members'];
  readonly found: readonly Situation['found'][];
  readonly store?: readonly Situation['store'][];
  readonly cluster?: readonly Situation['cluster'][];
  readonly files?: readonly FilesOwner[];
  readonly remembered?: boolean;
  readonly by?: Situation['decidedBy'];
}

function situationsOf(row: Row): Situation[] {
  const all: Situation[] = [];
  for (const found of row.found) {
    for (const store of row.store ?? stores) {
      for (const cluster of row.cluster ?? clusters) {
        for (const files of row.files ?? owners) {
          for (const remembered of row.remembered === undefined ? [false, true] : [row.remembered]) {
            for (const decidedBy of row.by === undefined ? (['sidecar', 'person'] as const) : [row.by]) {
              all.push({ found, members: row.members, store, cluster, files, remembered, decidedBy });
            }
          }
        }
      }
    }
  }
  return all;
}

type Expected = Exclude<Decision['action'], 'refuse'> | `refuse: ${Refusal}`;

const silent = ['not asked', 'unreachable'] as const;
const answering = ['unknown to it', 'awaited', 'member'] as const;
const notOthers = ['our member', 'a removed member', 'another cluster', 'unknown'] as const;

/** Every row of the contract, and what was decided beyond it. The first that fits counts. */
const table: readonly (readonly [title: string, row: Row, expected: Expected])[] = [
  ['wrong volume, alone', { members: 'one', found: ['wrong_volume'] }, 'refuse: wrong volume'],
  ['wrong volume, several', { members: 'several', found: ['wrong_volume'] }, 'refuse: wrong volume'],
  ['locked, alone', { members: 'one', found: ['locked'] }, 'refuse: locked'],
  ['locked, several', { members: 'several', found: ['locked'] }, 'refuse: locked'],

  ['valid, alone', { members: 'one', found: ['valid'] }, 'keep'],
  [
    'alone, the store unusable',
    { members: 'one', found: ['absent', ...invalid], store: ['unusable'] },
    'refuse: store unusable',
  ],
  ['alone with backups', { members: 'one', found: ['absent', ...invalid], store: ['backups'] }, 'restore'],
  ['alone, the store empty', { members: 'one', found: ['absent', ...invalid], store: ['empty'] }, 'start anew'],
  ['absent, alone, no store', { members: 'one', found: ['absent'], store: ['not configured'] }, 'start anew'],
  ['invalid, alone, no store', { members: 'one', found: invalid, store: ['not configured'] }, 'refuse: no store'],

  ['valid, nobody answers', { members: 'several', found: ['valid'], cluster: silent }, 'keep'],
  [
    'lost, once a member, no quorum',
    { members: 'several', found: ['absent', ...invalid], cluster: silent, remembered: true },
    'refuse: no quorum',
  ],
  [
    'lost, no cluster, the store unusable',
    { members: 'several', found: ['absent', ...invalid], cluster: silent, store: ['unusable'] },
    'refuse: store unusable',
  ],
  [
    'lost, no cluster, backups: a sidecar',
    { members: 'several', found: ['absent', ...invalid], cluster: silent, store: ['backups'], by: 'sidecar' },
    'refuse: members lost',
  ],
  [
    'lost, no cluster, backups: a person',
    { members: 'several', found: ['absent', ...invalid], cluster: silent, store: ['backups'], by: 'person' },
    'restore',
  ],
  [
    'the first start of all',
    { members: 'several', found: ['absent'], cluster: silent, store: ['not configured', 'empty'] },
    'start anew',
  ],
  [
    'invalid, no cluster, no backup',
    { members: 'several', found: invalid, cluster: silent, store: ['empty'] },
    'refuse: cluster unreachable',
  ],
  [
    'invalid, no cluster, no store: a sidecar',
    { members: 'several', found: invalid, cluster: silent, store: ['not configured'], by: 'sidecar' },
    'refuse: cluster unreachable',
  ],
  [
    'invalid, no cluster, no store: a person',
    { members: 'several', found: invalid, cluster: silent, store: ['not configured'], by: 'person' },
    'refuse: no store',
  ],

  [
    'the volume of another member',
    { members: 'several', found: ['valid', 'absent', ...invalid], cluster: answering, files: ['another member'] },
    'refuse: files of another member',
  ],
  [
    'valid, of another cluster',
    { members: 'several', found: ['valid'], cluster: answering, files: ['another cluster'] },
    'refuse: files of another cluster',
  ],
  [
    'unknown to the cluster: scale-up',
    {
      members: 'several',
      found: ['valid', 'absent', ...invalid],
      cluster: ['unknown to it'],
      files: notOthers,
      by: 'sidecar',
    },
    'join',
  ],
  [
    'unknown to the cluster, seen by a person',
    {
      members: 'several',
      found: ['valid', 'absent', ...invalid],
      cluster: ['unknown to it'],
      files: notOthers,
      by: 'person',
    },
    'refuse: cluster alive',
  ],
  [
    'awaited, begun and whole',
    { members: 'several', found: ['valid'], cluster: ['awaited'], files: ['our member'] },
    'keep',
  ],
  [
    'awaited, begun and damaged',
    { members: 'several', found: ['absent', ...invalid], cluster: ['awaited'], files: ['our member'], by: 'sidecar' },
    'rebuild',
  ],
  [
    'awaited, begun and damaged, seen by a person',
    { members: 'several', found: ['absent', ...invalid], cluster: ['awaited'], files: ['our member'], by: 'person' },
    'refuse: cluster alive',
  ],
  [
    'awaited, not begun',
    { members: 'several', found: ['valid', 'absent', ...invalid], cluster: ['awaited'], files: notOthers },
    'make way',
  ],
  [
    'valid, of a removed member',
    { members: 'several', found: ['valid'], cluster: ['member'], files: ['a removed member'], by: 'sidecar' },
    'rebuild',
  ],
  [
    'valid, of a removed member, seen by a person',
    { members: 'several', found: ['valid'], cluster: ['member'], files: ['a removed member'], by: 'person' },
    'refuse: cluster alive',
  ],
  [
    'valid, a member',
    { members: 'several', found: ['valid'], cluster: ['member'], files: ['our member', 'unknown'] },
    'keep',
  ],
  [
    'lost, a member of a living cluster',
    { members: 'several', found: ['absent', ...invalid], cluster: ['member'], files: notOthers, by: 'sidecar' },
    'rebuild',
  ],
  [
    'lost, a member of a living cluster, seen by a person',
    { members: 'several', found: ['absent', ...invalid], cluster: ['member'], files: notOthers, by: 'person' },
    'refuse: cluster alive',
  ],
];

const keyOf = (situation: Situation): string => JSON.stringify(situation);
const everything = [
  ...situationsOf({ members: 'one', found: states }),
  ...situationsOf({ members: 'several', found: states }),
];

describe('the decision on a data directory', () => {
  const decidedBefore = new Set<string>();
  for (const [title, row, expected] of table) {
    const situations = situationsOf(row).filter((each) => !decidedBefore.has(keyOf(each)));
    for (const situation of situations) {
      decidedBefore.add(keyOf(situation));
    }
    it(`${title}: ${expected}`, () => {
      assert.ok(situations.length > 0, 'an earlier row covers it');
      for (const situation of situations) {
        const decision = decide(situation);
        const text = decision.action === 'refuse' ? `refuse: ${decision.because}` : decision.action;
        assert.equal(text, expected, keyOf(situation));
      }
    });
  }

  it('has a row for every situation', () => {
    assert.deepEqual(
      everything.filter((each) => !decidedBefore.has(keyOf(each))),
      [],
    );
  });

  it('never lets one of several begin a second cluster, or lose its directory to nobody', () => {
    for (const situation of everything.filter(({ members }) => members === 'several')) {
      const { action } = decide(situation);
      const { found, cluster, decidedBy, store, files } = situation;
      const text = keyOf(situation);
      const answers = cluster !== 'not asked' && cluster !== 'unreachable';
      assert.ok(action !== 'restore' || (decidedBy === 'person' && !answers), text);
      assert.ok(action !== 'start anew' || (found === 'absent' && !answers), text);
      assert.ok(action !== 'start anew' || store === 'empty' || store === 'not configured', text);
      assert.ok(!['join', 'rebuild', 'make way'].includes(action) || answers, text);
      assert.ok(action !== 'rebuild' || found !== 'valid' || files === 'a removed member', text);
    }
  });
});
