import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineExceeded, type RequestBounds, withDeadline } from '../../../../src/snapstore/http/request-deadline.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';

function call(overrides: Partial<RequestBounds> = {}): RequestBounds {
  return {
    signal: new AbortController().signal,
    deadlineMs: 60_000,
    translate: (error) => new StoreError('transient', { action: 'try', object: 'it', found: 'trouble', cause: error }),
    ...overrides,
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('one request to a store', () => {
  it('gives what came back', async () => {
    assert.equal(await withDeadline(call(), async () => 7), 7);
  });

  it('fails with the translated error, but keeps one that is translated already', async () => {
    const cause = new Error('raw');
    await assert.rejects(
      withDeadline(call(), () => Promise.reject(cause)),
      { code: 'store_transient', cause },
    );
    const ready = new StoreError('denied', { action: 'try', object: 'it', found: 'no' });
    await assert.rejects(
      withDeadline(call(), () => Promise.reject(ready)),
      ready,
    );
  });

  it('is left when its time is up, even if it ignores its signal', async () => {
    await assert.rejects(withDeadline(call({ deadlineMs: 5 }), never), (error: StoreError) => {
      assert.ok(error.cause instanceof DeadlineExceeded);
      return error.kind === 'transient';
    });
  });

  it('is left with the reason of its caller, who aborts', async () => {
    const caller = new AbortController();
    const reason = new Error('stop');
    const running = withDeadline(call({ signal: caller.signal }), never);
    caller.abort(reason);
    await assert.rejects(running, reason);
  });

  it('sees its signal abort in both cases', async () => {
    const caller = new AbortController();
    const signals: AbortSignal[] = [];
    const request = (signal: AbortSignal): Promise<never> => {
      signals.push(signal);
      return never();
    };
    const running = [
      withDeadline(call({ deadlineMs: 5 }), request),
      withDeadline(call({ signal: caller.signal }), request),
      withDeadline(call(), async (signal) => signals.push(signal)),
    ];
    caller.abort(new Error('stop'));
    await Promise.allSettled(running);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true, false],
    );
  });

  it('is not begun when the caller has aborted already', async () => {
    const reason = new Error('stop');
    await assert.rejects(
      withDeadline(call({ signal: AbortSignal.abort(reason) }), () => assert.fail('it was begun')),
      reason,
    );
  });
});
