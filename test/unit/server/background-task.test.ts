import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BackgroundTask } from '../../../src/server/background-task.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

it('a duty is done once at a time: again where it was wanted meanwhile, not where one was enough', async () => {
  const log = new RecordedLog();
  const controller = new AbortController();
  const turns: PromiseWithResolvers<void>[] = [];
  const duty = new BackgroundTask(
    'do it',
    () => {
      const turn = Promise.withResolvers<void>();
      turns.push(turn);
      return turn.promise;
    },
    { signal: controller.signal, log },
  );
  duty.wantOne();
  duty.wantOne();
  assert.equal(turns.length, 1);
  duty.want();
  duty.want();
  turns[0]?.reject(new Error('not now'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(turns.length, 2);
  assert.equal(log.count(/^Failed to do it: not now$/), 1);
  turns[1]?.resolve();
  await duty.ended();
  assert.equal(turns.length, 2);
  duty.wantOne();
  assert.equal(turns.length, 3);
  controller.abort();
  turns[2]?.reject(new Error('stopped'));
  await duty.ended();
  assert.equal(log.lines.length, 1);
  duty.want();
  await duty.ended();
  assert.equal(turns.length, 3);
});

it('a duty that hears nothing of the end is not waited for', async () => {
  const stop = new AbortController();
  const duty = new BackgroundTask('read it', () => new Promise<never>(() => undefined), {
    signal: stop.signal,
    log: new RecordedLog(),
  });
  duty.want();
  stop.abort(new Error('over'));
  await duty.ended();
});
