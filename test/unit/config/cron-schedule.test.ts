import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCronSchedule } from '../../../src/config/cron-schedule.ts';

describe('cron schedules', () => {
  for (const [text, fields] of [
    ['0 */1 * * *', '0 */1 * * *'],
    ['*/1 * * * *', '*/1 * * * *'],
    ['0 0 */3 * *', '0 0 */3 * *'],
    ['  5  4 * * sun ', '5 4 * * sun'],
    ['0 0 29 2 *', '0 0 29 2 *'],
    ['0 0 * * 7', '0 0 * * 7'],
    ['@hourly', '0 * * * *'],
    ['@midnight', '0 0 * * *'],
  ]) {
    it(`${text} is read`, () => {
      assert.deepEqual(readCronSchedule(text ?? ''), { fields });
    });
  }

  for (const [text, wrong] of [
    ['', /it has 0 fields/],
    ['* * * *', /it has 4 fields/],
    ['* * * * * *', /it has 6 fields/],
    ['0 0 30 2 *', /never fires/],
    ['0 0 31 4,6,9,11 *', /never fires/],
    ['60 * * * *', /cannot be read/],
    ['*/0 * * * *', /cannot be read/],
    ['5-1 * * * *', /cannot be read/],
    ['a b c d e', /cannot be read/],
    ['0 H * * *', /H is not/],
    ['@every 1h', /@every is not a schedule/],
    ['TZ=UTC 0 * * * *', /it has 6 fields/],
  ] as const) {
    it(`${JSON.stringify(text)} is refused`, () => {
      const reading = readCronSchedule(text);
      assert.ok('wrong' in reading);
      assert.match(reading.wrong, wrong);
    });
  }
});
