import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runLeaderTasks } from '../../../src/server/leader-tasks.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

it('a task that fails is begun again after a minute and disturbs no other; none is waited for at the end', async () => {
  const clock = new FakeClock();
  const log = new RecordedLog();
  const controller = new AbortController();
  const begun: string[] = [];
  const tasks = [
    {
      name: 'fail',
      run: () => {
        begun.push('fail');
        return Promise.reject(new Error('a fault'));
      },
    },
    {
      name: 'hang',
      run: () => {
        begun.push('hang');
        return new Promise<void>(() => undefined);
      },
    },
  ];
  const running = runLeaderTasks(tasks, { clock, log, signal: controller.signal });
  await clock.advance(59_999);
  assert.deepEqual(begun, ['fail', 'hang']);
  await clock.advance(1);
  assert.deepEqual(begun, ['fail', 'hang', 'fail']);
  assert.equal(log.count(/^Failed to fail: a fault$/), 2);
  controller.abort(new Error('the lead is lost'));
  await running;
});
