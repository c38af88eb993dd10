import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { transitionsDrawing } from '../../../scripts/transitions-drawing.ts';
import { type Role, type Seen, transitionOf, transitions } from '../../../src/server/transitions.ts';

const roles: readonly Role[] = ['follower', 'leader', 'unknown'];
const sights: readonly Seen[] = ['leader', 'follower', 'learner', 'nothing'];

describe('the table of roles', () => {
  it('has one row for each role and each sight', () => {
    const rows = transitions.map(({ from, seen }) => `${from} ${seen}`);
    assert.deepEqual(rows.toSorted(), roles.flatMap((role) => sights.map((seen) => `${role} ${seen}`)).toSorted());
    for (const row of transitions) {
      assert.equal(transitionOf(row.from, row.seen), row);
    }
  });

  it('has a leader begin and end its lead exactly where the role begins and ends', () => {
    for (const { from, to, commands } of transitions) {
      assert.equal(commands.includes('start leading'), from !== 'leader' && to === 'leader');
      assert.equal(commands.includes('stop leading'), from === 'leader' && to !== 'leader');
      assert.equal(commands.includes('pause member lease'), from !== 'unknown' && to === 'unknown');
      assert.equal(commands.includes('renew member lease'), from === 'unknown' && to !== 'unknown');
      assert.ok(!commands.includes('stop leading') || commands[0] === 'stop leading', 'writing ends before all else');
    }
  });

  it('is drawn in docs/architecture.md', () => {
    const page = readFileSync(`${projectRoot}docs/architecture.md`, 'utf8');
    assert.ok(page.includes(transitionsDrawing()), `draw this:\n${transitionsDrawing()}`);
  });
});
