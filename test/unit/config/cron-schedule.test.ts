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
    ['@every 1h30m', '@every 5400'],
    ['  @every   90s ', '@every 90'],
    ['CRON_TZ=Europe/Berlin 0 1 * * *', 'TZ=Europe/Berlin 0 1 * * *'],
    ['TZ=America/New_York @daily', 'TZ=America/New_York 0 0 * * *'],
    ['TZ=UTC 0 * * * *', 'TZ=UTC 0 * * * *'],
    ['TZ=Local 0 * * * *', '0 * * * *'],
    ['TZ=Asia/Tokyo @every 1h', '@every 3600'],
    ['? ? ? ? ?', '* * * * *'],
    ['0 0 */1 * MON', '0 0 * * MON'],
    ['0 0 1,* * fri', '0 0 * * fri'],
    ['5/15 1-5/2,22 1-15 JAN-mar sun-sat', '5/15 1-5/2,22 1-15 JAN-mar sun-sat'],
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
    ['60 * * * *', /its minute is not from 0 to 59/],
    ['* 24 * * *', /its hour is not from 0 to 23/],
    ['* * 0 * *', /its day of the month is not from 1 to 31/],
    ['* * * 13 *', /its month is not from 1 to 12, and no name of three letters/],
    ['* * * * 8', /its weekday is not from 0 to 7/],
    ['*/0 * * * *', /a step of its minute is 0/],
    ['5-1 * * * *', /a range of its minute ends before it begins/],
    ['* 22-2 * * *', /a range of its hour ends/],
    ['a b c d e', /its minute is not from 0/],
    ['1, * * * *', /its minute is not made of numbers/],
    ['0 H * * *', /its hour is not from 0/],
    ['0 0 L * *', /its day of the month/],
    ['0 0 * * 1#2', /its weekday is not made of/],
    ['0 0 1W * *', /its day of the month/],
    ['@every', /after @every there is no duration/],
    ['@every hour', /after @every there is no duration/],
    ['@every 500ms', /shorter than 1s/],
    ['@every -1h', /shorter than 1s/],
    ['@reboot', /it is none of the names @yearly/],
    ['@daily 1', /it has 2 fields/],
    ['TZ=Nowhere/City 0 * * * *', /its time zone is not known/],
    ['CRON_TZ= 0 * * * *', /its time zone is not known/],
    ['TZ=Europe/Berlin', /it has 0 fields/],
    ['TZ=UTC CRON_TZ=UTC 0 * * * *', /it has 6 fields/],
  ] as const) {
    it(`${JSON.stringify(text)} is refused`, () => {
      const reading = readCronSchedule(text);
      assert.ok('wrong' in reading);
      assert.match(reading.wrong, wrong);
    });
  }
});
