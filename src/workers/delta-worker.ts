import { type MessagePort, parentPort } from 'node:worker_threads';
import { expandedAhead } from '../objects/delta-file.ts';
import type { DeltaTask } from '../objects/delta-reader.ts';
import { DeltaRecordReader } from '../objects/delta-record-reader.ts';
import { BATCHES_IN_FLIGHT, type DeltaAnswer, type DeltaRequest, packFailure } from './delta-messages.ts';

// The program of a worker thread, see DeltaThread.
if (parentPort === null) {
  throw new Error('this program runs only in a worker thread');
}
serveDeltaRecords(parentPort);

/** Reads deltas one after another as they are asked for over `port`. */
function serveDeltaRecords(port: MessagePort): void {
  const reader = new DeltaRecordReader();
  let allowed = BATCHES_IN_FLIGHT;
  let wake: () => void = () => {};
  const answer = (message: DeltaAnswer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

  let last: Promise<void> = Promise.resolve();

  const read = async (task: DeltaTask, body: AsyncIterable<Uint8Array>): Promise<void> => {
    const records = reader.read(body, task);
    for (;;) {
      const step = await records.next();
      if (step.done) {
        answer({ kind: 'done', summary: step.value });
        return;
      }
      while (allowed === 0) {
        const woken = Promise.withResolvers<void>();
        wake = woken.resolve;
        await woken.promise;
      }
      allowed--;
      const batch = step.value;
      answer({ kind: 'batch', batch }, [batch.bytes.buffer, batch.sizes.buffer]);
    }
  };

  /** Expands a delta while those before are read, and reads it after them. */
  const inTurn = async (task: DeltaTask): Promise<void> => {
    const before = last;
    const body = expandedAhead(task);
    await before;
    try {
      await read(task, body);
    } catch (error) {
      answer({ kind: 'failed', failure: packFailure(error) });
    }
  };

  port.on('message', (request: DeltaRequest) => {
    switch (request.kind) {
      case 'read':
        last = inTurn(request.task);
        return;
      case 'used':
        reader.giveBack(request.batch);
        allowed++;
        wake();
        return;
      default:
        request satisfies never;
    }
  });
}
