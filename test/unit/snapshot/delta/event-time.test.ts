import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventTimeOf, formatEventTime, parseEventTime } from '../../../../src/snapshot/delta/event-time.ts';
import { fc } from '../../../support/fuzz/seeded-properties.ts';

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

test('a day that is not in the calendar is no time', () => {
  for (const day of [
    '2026-02-29',
    '2026-02-30',
    '2026-04-31',
    '2100-02-29',
    '2026-01-00',
    '2026-00-01',
    '2026-01-32',
  ]) {
    assert.equal(parseEventTime(`${day}T08:59:27Z`), undefined, day);
    assert.equal(parseEventTime(`${day}T23:59:27.5+14:00`), undefined, day);
  }
  for (const day of ['2028-02-29', '2000-02-29', '2026-12-31']) {
    assert.equal(parseEventTime(`${day}T00:30:00+01:00`)?.seconds, Date.parse(`${day}T00:00:00Z`) / 1000 - 1800, day);
  }
});

test('an hour, minute, second or zone that no clock shows is no time', () => {
  for (const time of ['24:00:00Z', '08:60:00Z', '08:59:60Z', '08:59:27+24:00', '08:59:27-01:60', '08:59:27+99:99']) {
    assert.equal(parseEventTime(`2026-11-21T${time}`), undefined, time);
  }
});

test('other texts are no times', () => {
  for (const text of ['', '2026-11-21', '2026-11-21T08:59:27', '2026-11-21T08:59:27.Z', '2026-02-30T25:00:00Z', 'x']) {
    assert.equal(parseEventTime(text), undefined, text);
  }
});
