import { parentPort } from 'node:worker_threads';
import { packError } from './transported-error.ts';
import type { AnswerMessage, CallMessage, WorkerCall, WorkerCalls } from './worker-calls.ts';

/** Sends one item of a call. The memory in `transfer` belongs to the receiver then. */
export type SendItem<Item> = (item: Item, transfer: ArrayBuffer[]) => void;

/** The result of a call. The memory in `transfer` belongs to the receiver then. */
export interface CallResult<Result> {
  readonly value: Result;
  readonly transfer?: ArrayBuffer[];
}

/** What answers each call. */
export type CallHandlers<Calls extends WorkerCalls> = {
  readonly [Name in keyof Calls]: (
    request: Calls[Name]['request'],
    send: SendItem<Calls[Name]['item']>,
  ) => CallResult<Calls[Name]['result']> | Promise<CallResult<Calls[Name]['result']>>;
};

/**
 * Answers the calls of a WorkerClient; the main program of a worker thread. Handlers begin in the order of the calls and may
 * overlap. What a handler throws is the answer; it ends the thread when nobody waits for one.
 */
export function serveWorker<Calls extends WorkerCalls>(handlers: CallHandlers<Calls>): void {
  const port = parentPort;
  if (port === null) {
    throw new Error('this program runs only in a worker thread');
  }
  const answer = (message: AnswerMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  port.on('message', async ({ call, name, request }: CallMessage) => {
    // Both ends are compiled with the same `Calls`.
    const handle = handlers[name] as CallHandlers<WorkerCalls<'any'>>['any'];
    const send: SendItem<WorkerCall['item']> = (value, transfer) => {
      if (call !== undefined) {
        answer({ call, kind: 'item', value }, transfer);
      }
    };
    try {
      const { value, transfer } = await handle(request, send);
      if (call !== undefined) {
        answer({ call, kind: 'result', value }, transfer);
      }
    } catch (error) {
      if (call === undefined) {
        throw error;
      }
      answer({ call, kind: 'failed', error: packError(error) });
    }
  });
}
