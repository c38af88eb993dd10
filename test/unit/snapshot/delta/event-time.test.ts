import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventTimeOf, formatEventTime, parseEventTime } from '../../../../src/snapshot/delta/event-time.ts';

test('trailing zeros of the fraction are left out, as Go does', () => {
  const seconds = Date.UTC(2026, 10, 21, 8, 59, 27) / 1000;
  assert.equal(formatEventTime({ seconds, nanos: 0 }), '2026-11-21T08:59:27Z');
  assert.equal(formatEventTime({ seconds, nanos: 227_557_140 }), '2026-11-21T08:59:27.22755714Z');
  assert.equal(formatEventTime({ seconds, nanos: 1 }), '2026-11-21T08:59:27.000000001Z');
});

test('a wall clock in milliseconds becomes an event time', () => {
  assert.deepEqual(eventTimeOf(1_795_251_566_123), { seconds: 1_795_251_566, nanos: 123_000_000 });
  assert.deepEqual(eventTimeOf(1_795_251_566_000), { seconds: 1_795_251_566, nanos: 0 });
  assert.deepEqual(eventTimeOf(1_795_251_566_123.75), { seconds: 1_795_251_566, nanos: 123_000_000 });
});

test('any time survives its text', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 31 }), fc.nat({ max: 999_999_999 }), (seconds, nanos) => {
      assert.deepEqual(parseEventTime(formatEventTime({ seconds, nanos })), { seconds, nanos });
    }),
  );
});

test('other texts are no times', () => {
  for (const text of ['', '2026-11-21', '2026-11-21T08:59:27', '2026-11-21T08:59:27.Z', '2026-02-30T25:00:00Z', 'x']) {
    assert.equal(parseEventTime(text), undefined, text);
  }
});
