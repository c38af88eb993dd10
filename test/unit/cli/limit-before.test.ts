import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limitBefore } from '../../../src/cli/limit-before.ts';
import { readWrittenTime } from '../../../src/config/point-in-time.ts';

const now = Date.parse('2026-11-27T12:00:00Z');

function before(text: string): unknown {
  const written = readWrittenTime(text);
  assert.ok('value' in written);
  return limitBefore({ before: written.value, beforeRevision: undefined }, { now });
}

describe('the state right before a moment', () => {
  const second = Date.parse('2026-11-27T11:00:00Z') / 1_000;
  const endOf = (seconds: number) => ({ kind: 'time', time: { seconds, nanos: 999_999_999 } });

  it('does not have what happened in that second, however it is written', () => {
    for (const text of ['2026-11-27T11:00:00Z', '2026-11-27 11:00:00', String(second), '60m ago']) {
      assert.deepEqual(before(text), endOf(second - 1), text);
    }
  });

  it('does not have what happened at that nanosecond', () => {
    assert.deepEqual(before('2026-11-27T11:00:00.5Z'), {
      kind: 'time',
      time: { seconds: second, nanos: 499_999_999 },
    });
  });

  it('is that of the revision before', () => {
    assert.deepEqual(limitBefore({ before: undefined, beforeRevision: 58 }, { now }), {
      kind: 'revision',
      revision: 57,
    });
    assert.equal(limitBefore({ before: undefined, beforeRevision: undefined }, { now }), undefined);
  });
});
