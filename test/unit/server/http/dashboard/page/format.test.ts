import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bytes, count, duration, moment, roughly } from '../../../../../../src/server/http/dashboard/page/format.ts';

it('numbers are shown as a person reads them', () => {
  assert.deepEqual([0, 1, 1_023, 1_024, 25_000_000, 200_000_000, 2 ** 50].map(bytes), [
    '0 B',
    '1 B',
    '1023 B',
    '1.0 KiB',
    '23.8 MiB',
    '191 MiB',
    '1024 TiB',
  ]);
  assert.deepEqual([-5, 0, 59.6, 61, 3_600, 90_061].map(duration), [
    '0 s',
    '0 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 d 1 h',
  ]);
  assert.deepEqual([-5, 59, 61, 3_661].map(roughly), [
    'less than a minute',
    'less than a minute',
    '1 min',
    '1 h 1 min',
  ]);
  assert.equal(moment(1_795_251_532_000), '2026-11-21 08:58:52 UTC');
  assert.equal(count(1_234_567), '1\u202f234\u202f567');
});
