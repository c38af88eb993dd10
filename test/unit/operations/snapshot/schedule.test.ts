import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { eachFiring, Schedule } from '../../../../src/operations/snapshot/schedule.ts';
import type { Clock } from '../../../../src/runtime/clock.ts';

/** Firings of a schedule in a time zone from `from` on, as UTC: in a process of its own, since the zone belongs to the process. */
function firings(zone: string, fields: string, from: string, count: number): readonly string[] {
  const code = `
    import { Schedule } from './src/operations/snapshot/schedule.ts';
    const schedule = new Schedule('${fields}');
    let at = Date.parse('${from}');
    for (let n = 0; n < ${count}; n++) console.log(new Date(at = schedule.nextFiring(at)).toISOString().slice(0, 16));`;
  const env = { ...process.env, TZ: zone, NODE_OPTIONS: '' };
  const args = ['--input-type=module', '--eval', code];
  return execFileSync(process.execPath, args, { cwd: projectRoot, env, encoding: 'utf8' }).trim().split('\n');
}

describe('a schedule in local time', () => {
  test('fires an hour later on the day its time does not exist, and never twice', () => {
    assert.deepEqual(firings('Europe/Berlin', '30 2 * * *', '2026-03-28T12:00:00Z', 2), [
      '2026-03-29T01:30',
      '2026-03-30T00:30',
    ]);
  });

  test('fires once on the day its time comes twice', () => {
    assert.deepEqual(firings('Europe/Berlin', '30 2 * * *', '2026-10-24T12:00:00Z', 2), [
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  test('fires every hour across both changes', () => {
    const hours = (from: string): readonly string[] => firings('America/New_York', '0 * * * *', from, 4);
    assert.deepEqual(
      hours('2026-03-08T05:30:00Z').map((time) => time.slice(11)),
      ['06:00', '07:00', '08:00', '09:00'],
    );
    assert.deepEqual(
      hours('2026-11-01T04:30:00Z').map((time) => time.slice(11)),
      ['05:00', '06:00', '07:00', '08:00'],
    );
  });
});

describe('a schedule in a zone that it names', () => {
  test('follows that zone, whatever the local one is', () => {
    for (const local of ['UTC', 'Asia/Tokyo']) {
      assert.deepEqual(firings(local, 'TZ=Europe/Berlin 30 2 * * *', '2026-03-28T12:00:00Z', 2), [
        '2026-03-29T01:30',
        '2026-03-30T00:30',
      ]);
    }
  });
});

describe('an interval', () => {
  test('fires at equal distances, however late it is asked', () => {
    const schedule = new Schedule('@every 5400');
    const start = Date.parse('2026-11-21T10:00:00.700Z');
    const next = (minutes: number) =>
      new Date(schedule.nextFiring(start + minutes * 60_000)).toISOString().slice(11, 19);
    assert.deepEqual([0, 89, 90, 100, 200].map(next), ['11:30:00', '11:30:00', '13:00:00', '13:00:00', '14:30:00']);
  });

  test('wants a full within as many hours', () => {
    assert.deepEqual(
      ['@every 60', '@every 5400', '@every 172800', 'TZ=UTC 0 */4 * * *', 'TZ=UTC 0 0 * * 1'].map(
        (text) => new Schedule(text).windowHours,
      ),
      [1, 2, 48, 4, 168],
    );
  });
});

/** A clock that shows the next of `times` after each sleep. */
function steppingClock(times: readonly string[]): Clock {
  const steps = times.map((time) => Date.parse(time));
  let at = 0;
  return {
    now: () => steps[at] ?? Number.NaN,
    monotonic: () => 0,
    sleep: async () => {
      at += 1;
      if (at === steps.length) {
        throw new Error('over');
      }
    },
  };
}

async function fired(times: readonly string[], fields: string): Promise<readonly string[]> {
  const seen: string[] = [];
  const waiting = { clock: steppingClock(times), signal: new AbortController().signal };
  try {
    for await (const due of eachFiring(new Schedule(fields), waiting)) {
      seen.push(new Date(due).toISOString().slice(11, 16));
    }
  } catch {
    return seen;
  }
  return seen;
}

describe('waiting for a schedule', () => {
  test('makes up for times that passed in a suspend by one firing', async () => {
    const day = '2026-11-21T';
    assert.deepEqual(
      await fired([`${day}08:01:00Z`, `${day}11:34:00Z`, `${day}11:35:10Z`, `${day}11:36:00Z`], '*/5 * * * *'),
      ['08:05', '11:35'],
    );
  });

  test('does not fire twice when the clock is set back', async () => {
    const day = '2026-11-21T';
    assert.deepEqual(
      await fired(
        [
          `${day}08:04:00Z`,
          `${day}08:05:00Z`,
          `${day}08:05:00Z`,
          `${day}08:03:00Z`,
          `${day}08:06:00Z`,
          `${day}08:10:00Z`,
        ],
        '*/5 * * * *',
      ),
      ['08:05', '08:10'],
    );
  });

  test('goes by the clock as it is when that is set back by days meanwhile: a full must not wait for them', async () => {
    const times = [
      '2026-11-21T08:04:00Z',
      '2026-11-18T08:03:00Z',
      '2026-11-18T08:03:00Z',
      '2026-11-18T08:05:00Z',
      '2026-11-18T08:05:00Z',
      '2026-11-18T08:05:10Z',
    ];
    assert.deepEqual(await fired(times, '*/5 * * * *'), ['08:05']);
  });
});

test('the window of a schedule is a day, a week with weekdays, N hours with every Nth hour', () => {
  const hours = (fields: string): number => new Schedule(fields).windowHours;
  assert.equal(hours('0 0 * * *'), 24);
  assert.equal(hours('0 0 * * 1,3'), 168);
  assert.equal(hours('0 */4 * * *'), 4);
  assert.equal(hours('0 */4 1 * *'), 24);
});
