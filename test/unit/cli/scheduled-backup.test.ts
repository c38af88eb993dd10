import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scheduledBackupOf } from '../../../src/cli/scheduled-backup.ts';
import { snapshotCommand } from '../../../src/cli/snapshot.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { Backoff } from '../../../src/runtime/async/backoff.ts';

async function requestFor(given: Readonly<Record<string, string>> = {}): Promise<ReturnType<typeof scheduledBackupOf>> {
  const flags = new Map(Object.entries(given).map(([flag, value]) => [flag, [value]]));
  const { config } = await loadConfig(snapshotCommand.spec, { flags, environment: {} });
  return scheduledBackupOf(config, new Set(flags.keys()));
}

/** The first waits of a policy, s. */
function waits(policy: ConstructorParameters<typeof Backoff>[0], count: number): readonly number[] {
  const backoff = new Backoff(policy);
  return Array.from({ length: count }, () => backoff.nextMs() / 1_000);
}

describe('the flags of backups by schedule', () => {
  test('turn deltas off with a period below a second', async () => {
    const period = async (text: string): Promise<number | undefined> =>
      (await requestFor({ 'delta-snapshot-period': text })).deltaPeriodMs;
    assert.equal(await period('1s'), 1_000);
    assert.equal(await period('999ms'), undefined);
    assert.equal(await period('0'), undefined);
  });

  test('turn garbage collection off with a period of a second or less', async () => {
    const period = async (text: string): Promise<number | undefined> =>
      (await requestFor({ 'garbage-collection-period': text })).garbageCollection?.periodMs;
    assert.equal(await period('1001ms'), 1_001);
    assert.equal(await period('1s'), undefined);
    assert.equal(await period('0'), undefined);
  });

  test('are schedules', async () => {
    const { schedule, defragmentationSchedule } = await requestFor({ schedule: '0 */4 * * *' });
    assert.equal(schedule.windowHours, 4);
    const now = new Date(2026, 10, 21, 12, 30).getTime();
    assert.equal(schedule.nextFiring(now), new Date(2026, 10, 21, 16).getTime());
    assert.equal(defragmentationSchedule?.nextFiring(now), new Date(2026, 10, 22).getTime());
  });

  test('are short waits where nothing is given, so that changes reach a mended store soon', async () => {
    assert.deepEqual(waits((await requestFor()).backoff, 7), [1, 2, 4, 8, 16, 30, 30]);
  });

  test('are the waits of the Go program as soon as one of them is given', async () => {
    const given = { 'backoff-attempt-limit': '6' };
    assert.deepEqual(waits((await requestFor(given)).backoff, 9), [2, 4, 8, 16, 32, 64, 128, 128, 128]);
  });

  test('are waits that grow by the multiplier, as often as the limit lets them, and never beyond the threshold', async () => {
    const given = { 'backoff-multiplier': '3', 'backoff-attempt-limit': '2', 'backoff-threshold-time': '1m' };
    assert.deepEqual(waits((await requestFor(given)).backoff, 5), [3, 9, 27, 60, 60]);
    const short = { ...given, 'backoff-threshold-time': '10s' };
    assert.deepEqual(waits((await requestFor(short)).backoff, 4), [3, 9, 10, 10]);
  });
});
