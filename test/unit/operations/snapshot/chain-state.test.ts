import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChainState } from '../../../../src/operations/snapshot/chain-state.ts';
import type { StoredChain } from '../../../../src/operations/snapshot/stored-chain.ts';
import { revision } from '../../../../src/revision.ts';
import type { StoredSnapshot } from '../../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../../support/fixtures/snapshots.ts';

function stored(name: string): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size: 1 };
}

/** The names of a chain's objects, the full first. */
function namesIn({ full, deltas }: StoredChain): readonly string[] {
  return [full, ...deltas].map((snapshot) => snapshot?.name ?? 'none');
}

/** Stores objects by their names and gives the chain that the event after each of them holds. */
function chainsAfter(names: readonly string[]): readonly (readonly string[])[] {
  const chains: (readonly string[])[] = [];
  const state = new ChainState((event) => event.type === 'stored' && chains.push(namesIn(event.chain)));
  for (const name of names) {
    state.stored(stored(name));
  }
  assert.deepEqual(namesIn(state.newest), chains.at(-1));
  return chains;
}

describe('the newest chain', () => {
  test('has no full at first', () => {
    assert.deepEqual(new ChainState().newest, { full: undefined, deltas: [] });
  });

  test('is the newest full and the deltas after it', () => {
    assert.deepEqual(chainsAfter(['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3', 'Full-0-25-4', 'Incr-26-27-5']), [
      ['Full-0-10-1'],
      ['Full-0-10-1', 'Incr-11-20-2'],
      ['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3'],
      ['Full-0-25-4'],
      ['Full-0-25-4', 'Incr-26-27-5'],
    ]);
  });

  test('has the deltas that reach beyond a full which was stored after them', () => {
    // The full was read up to 22, and deltas went on meanwhile.
    assert.deepEqual(
      chainsAfter(['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3', 'Incr-26-30-4', 'Full-0-22-2']).at(-1),
      ['Full-0-22-2', 'Incr-21-25-3', 'Incr-26-30-4'],
    );
  });

  test('has no delta whose revisions are all in its full', () => {
    assert.deepEqual(chainsAfter(['Full-0-20-5', 'Incr-11-20-4']).at(-1), ['Full-0-20-5']);
  });

  test('is the one in the store that a run goes on from', () => {
    const state = new ChainState();
    state.resume(stored('Full-0-10-1'), [stored('Incr-11-20-2'), stored('Incr-21-25-3')]);
    assert.deepEqual(namesIn(state.newest), ['Full-0-10-1', 'Incr-11-20-2', 'Incr-21-25-3']);
    assert.equal(state.covered, 25);
  });
});

describe('names that fit to the chain', () => {
  test('a full that ends with the newest delta is younger than that', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    assert.equal(state.deltaTime(revision(20), 100), 100);
    state.stored(stored('Incr-11-20-100'));
    state.beginFull();
    assert.equal(state.needed, 20);
    assert.equal(state.announceFull(revision(20), 100), 101);
  });

  test('a delta that ends before an announced full does is older than that, until the full is withdrawn', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    state.beginFull();
    assert.equal(state.announceFull(revision(30), 100), 100);
    assert.equal(state.deltaTime(revision(20), 105), 99);
    assert.equal(state.deltaTime(revision(31), 105), 105);
    state.withdrawFull();
    assert.equal(state.deltaTime(revision(32), 106), 106);
  });

  test('a full that ends where a delta ended meanwhile is younger than that, and not younger than those after it', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    state.beginFull();
    assert.equal(state.deltaTime(revision(20), 100), 99, 'it may be the end of the chain before');
    assert.equal(state.deltaTime(revision(30), 100), 100);
    assert.equal(state.deltaTime(revision(40), 100), 101, 'in another second, as the full may need one between them');
    assert.equal(state.announceFull(revision(30), 90), 101);
    state.withdrawFull();
    assert.equal(state.deltaTime(revision(50), 101), 101, 'no full is being read any more');
  });

  test('a full that ends inside a delta is not younger than that', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    state.beginFull();
    assert.equal(state.deltaTime(revision(20), 100), 99);
    assert.equal(state.announceFull(revision(15), 130), 99);
  });

  test('deltas share a second again where the full that is read cannot end any more', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    state.beginFull();
    state.openedFull(revision(15));
    state.deltaTime(revision(20), 100);
    assert.equal(state.deltaTime(revision(30), 100), 100);
    assert.equal(state.deltaTime(revision(40), 100), 100);
  });

  test('a delta of the chain before, written after the full was stored, is older than the full', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1'));
    state.beginFull();
    assert.equal(state.announceFull(revision(20), 100), 100);
    state.stored(stored('Full-0-20-100'));
    state.withdrawFull();
    assert.equal(state.deltaTime(revision(20), 150), 99);
    assert.equal(state.deltaTime(revision(25), 150), 150);
  });

  test('are not older than what they continue when the clock was set back', () => {
    const state = new ChainState();
    state.stored(stored('Full-0-10-1000'));
    state.stored(stored('Incr-11-20-1100'));
    state.beginFull();
    assert.equal(state.announceFull(revision(30), 500), 1100);
    state.withdrawFull();
    state.leave();
    state.beginFull();
    assert.equal(state.announceFull(revision(5), 500), 1101);
  });

  test('follow what others have stored, unless it is a day ahead', () => {
    const state = new ChainState();
    state.follow(['Full-0-10-1000', 'Full-0-12-900000'].map(stored), 600);
    state.beginFull();
    assert.equal(state.announceFull(revision(30), 600), 1000);
  });

  test('what was named by a clock that was a day ahead is not followed when it is put right', () => {
    const state = new ChainState();
    state.resume(stored('Full-0-10-900000'), [stored('Incr-11-20-900100')]);
    assert.equal(state.deltaTime(revision(30), 600), 600);
    state.beginFull();
    assert.equal(state.announceFull(revision(30), 610), 610);
    state.withdrawFull();
    const resumed = new ChainState();
    resumed.resume(stored('Full-0-10-900000'), [stored('Incr-11-20-900100')]);
    resumed.beginFull();
    assert.equal(resumed.announceFull(revision(20), 610), 610);
  });
});
