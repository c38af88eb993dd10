import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Upload } from '../../../../src/snapstore/bucket.ts';
import { discardUpload } from '../../../../src/snapstore/upload/discard-upload.ts';
import { RecordedLog } from '../../../support/context/recorded-log.ts';

/** An upload whose `abort` a test decides. */
function upload(abort: Upload['abort']): Upload {
  const unused = (): Promise<never> => Promise.reject(new Error('it is not used here'));
  return { leftovers: 'segments v2/Full/*', writePart: unused, complete: unused, abort };
}

/** Discards `which`; `isDone` says whether that has ended after all timers that are due have run. */
function discarding(t: TestContext, which: Upload, cancelled: AbortSignal = new AbortController().signal) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const log = new RecordedLog();
  let done = false;
  const ended = discardUpload(which, { key: 'v2/Full', cancelled, log }).then(() => {
    done = true;
  });
  const after = async (ms: number): Promise<boolean> => {
    t.mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return done;
  };
  return { log, ended, after };
}

const hanging = upload(() => new Promise(() => undefined));

test('a store that never ends an abort is left after 5 s, and the log says what is left in it', async (t) => {
  const { log, after } = discarding(t, hanging);
  assert.equal(await after(4_999), false);
  assert.equal(await after(1), true);
  const [entry] = log.lines;
  assert.equal(entry?.level, 'warn');
  assert.deepEqual(entry?.fields, {
    key: 'v2/Full',
    leftBehind: 'segments v2/Full/*',
    error: 'it took longer than 5 s',
  });
});

test('once the caller has cancelled, it is left after 1.5 s', async (t) => {
  const { after } = discarding(t, hanging, AbortSignal.abort(new Error('stopped')));
  assert.equal(await after(1_499), false);
  assert.equal(await after(1), true);
});

test('a caller that cancels meanwhile waits 1.5 s more at the most', async (t) => {
  const caller = new AbortController();
  const { after } = discarding(t, hanging, caller.signal);
  assert.equal(await after(1_000), false);
  caller.abort(new Error('stopped'));
  assert.equal(await after(1_499), false);
  assert.equal(await after(1), true);
});

test('the requests of an abort end with its time', async (t) => {
  let seen: AbortSignal | undefined;
  const { after } = discarding(
    t,
    upload(({ signal }) => {
      seen = signal;
      return new Promise(() => undefined);
    }),
  );
  assert.equal(await after(1), false);
  assert.equal(seen?.aborted, false);
  await after(5_000);
  assert.equal(seen?.aborted, true);
});

test('an abort that ends in time says nothing, one that fails is logged', async (t) => {
  const good = discarding(
    t,
    upload(() => Promise.resolve()),
  );
  await good.ended;
  assert.deepEqual(good.log.lines, []);
  const log = new RecordedLog();
  const failing = upload(() => Promise.reject(new Error('the store is gone')));
  await discardUpload(failing, { key: 'v2/Full', cancelled: new AbortController().signal, log });
  assert.equal(log.lines[0]?.fields['error'], 'the store is gone');
});
