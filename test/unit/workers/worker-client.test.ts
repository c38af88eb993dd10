import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Damage } from '../../../src/datadir/damage.ts';
import { WorkerClient } from '../../../src/workers/worker-client.ts';
import type { CountingCalls } from '../../support/workers/counting-worker.ts';

function client(): WorkerClient<CountingCalls> {
  return new WorkerClient<CountingCalls>({
    asset: 'none',
    module: () => new URL('../../support/workers/counting-worker.ts', import.meta.url),
  });
}

describe('a worker client', () => {
  it('gets the items and the result of each of several calls', async () => {
    await using worker = client();
    const calls = [3, 0, 5].map((until) => worker.stream('count', until));
    const outcomes = calls.map(async (call) => {
      const items: number[] = [];
      for (;;) {
        const step = await call.next();
        if (step.done) {
          return { items, result: step.value };
        }
        items.push(step.value);
      }
    });
    assert.deepEqual(await Promise.all(outcomes), [
      { items: [1, 2, 3], result: 6 },
      { items: [], result: 0 },
      { items: [1, 2, 3, 4, 5], result: 15 },
    ]);
  });

  it('sends memory there and back without a copy', async () => {
    await using worker = client();
    const bytes = Uint8Array.of(7, 8);
    const answer = worker.ask('increment', bytes, { transfer: [bytes.buffer] });
    assert.equal(bytes.length, 0);
    assert.deepEqual(await answer, Uint8Array.of(8, 8));
  });

  it('throws what the worker throws, with its type, and goes on', async () => {
    await using worker = client();
    await assert.rejects(worker.ask('throwDamage', '/data/db'), (error) => {
      assert.ok(error instanceof Damage);
      assert.deepEqual([error.file, error.offset, error.reason], ['/data/db', 4096, 'a page of unknown kind']);
      return true;
    });
    assert.deepEqual(await worker.ask('increment', Uint8Array.of(1)), Uint8Array.of(2));
  });

  it('stops waiting when the signal aborts', async () => {
    await using worker = client();
    const reason = new Error('enough');
    const stop = new AbortController();
    const answer = worker.ask('never', undefined, { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(answer, reason);
  });

  it('rejects all calls when the thread ends, and later ones', async () => {
    await using worker = client();
    const waiting = [worker.ask('never', undefined), worker.ask('never', undefined)];
    worker.tell('exit', 3);
    for (const answer of waiting) {
      await assert.rejects(answer, /a worker thread ended with code 3/);
    }
    await assert.rejects(worker.ask('count', 1), /a worker thread ended with code 3/);
  });

  it('rejects all calls when what needs no answer fails', async () => {
    await using worker = client();
    const waiting = worker.ask('never', undefined);
    worker.tell('throwDamage', '/data/db');
    await assert.rejects(waiting, /\/data\/db is damaged at byte 4096/);
  });

  it('is disposed of without ever having been asked', async () => {
    await using _worker = client();
  });
});
