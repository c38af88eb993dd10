import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { moved, ticks, within } from '../../../../../../src/server/http/dashboard/page/view-window.ts';

const whole = { from: 0, to: 1_000 };
const bounds = { whole, least: 10 };

describe('a part of an axis', () => {
  it('is zoomed around a place that stays where it is', () => {
    assert.deepEqual(moved(whole, 'in', { ...bounds, at: 250 }), { from: 125, to: 625 });
    assert.deepEqual(moved(whole, 'in', bounds), { from: 250, to: 750 });
  });

  it('never leaves the whole, and never gets narrower than the least', () => {
    assert.deepEqual(moved({ from: 0, to: 12 }, 'in', { ...bounds, at: 0 }), { from: 0, to: 10 });
    assert.deepEqual(moved({ from: 900, to: 1_000 }, 'on', bounds), { from: 900, to: 1_000 });
    assert.deepEqual(moved({ from: 100, to: 200 }, 'back', bounds), { from: 75, to: 175 });
    assert.deepEqual(moved({ from: 100, to: 900 }, 'out', bounds), whole);
    assert.deepEqual(moved({ from: 100, to: 900 }, 'all', bounds), whole);
    assert.deepEqual(within({ from: -50, to: 50 }, whole), { from: 0, to: 100 });
  });

  it('has round places', () => {
    assert.deepEqual(ticks(whole, 5, []), [0, 200, 400, 600, 800, 1_000]);
    assert.deepEqual(ticks({ from: 100, to: 7_300 }, 2, [60, 3_600]), [3_600, 7_200]);
    assert.deepEqual(ticks({ from: 5, to: 5 }, 5, []), [5]);
  });
});
