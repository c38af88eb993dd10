import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dailySchedule } from '../../../src/cli/verification.ts';
import { readCronSchedule } from '../../../src/config/cron-schedule.ts';

describe('the daily minute of a verification', () => {
  it('is a schedule, the same for the same pod, and spread over the day', () => {
    const schedules = Array.from({ length: 200 }, (_, pod) => dailySchedule(`etcd-main-${pod} S3 bucket`));
    assert.equal(dailySchedule('etcd-main-7 S3 bucket'), schedules[7]);
    assert.ok(new Set(schedules).size > 100);
    for (const schedule of schedules) {
      assert.match(schedule, /^\d{1,2} \d{1,2} \* \* \*$/);
      assert.ok('fields' in readCronSchedule(schedule), schedule);
    }
  });
});
