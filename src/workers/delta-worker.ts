import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { startExpanding } from '../objects/delta-file.ts';
import type { DeltaTask } from '../objects/delta-reader.ts';
import { DeltaRecordReader } from '../objects/delta-record-reader.ts';
import type { DeltaSummary } from '../objects/record-decoder.ts';
import { type SendItem, serveWorker } from './serve-worker.ts';

/** Batches that may be sent before the first of them is given back. */
const BATCHES_IN_FLIGHT = 12;

/** What a {@link DeltaThread} asks its worker. */
export type DeltaCalls = {
  /** Deltas are read one after the other. */
  readonly read: { readonly request: DeltaTask; readonly item: OwnedEntryBatch; readonly result: DeltaSummary };
  /** This batch is used up, one more may be sent. */
  readonly giveBack: { readonly request: OwnedEntryBatch; readonly result: undefined };
};

const reader = new DeltaRecordReader();
let allowed = BATCHES_IN_FLIGHT;
let wake: () => void = () => {};
let last: Promise<unknown> = Promise.resolve();

async function read(
  task: DeltaTask,
  body: AsyncIterable<Uint8Array>,
  send: SendItem<OwnedEntryBatch>,
): Promise<DeltaSummary> {
  const records = reader.read(body, task);
  for (;;) {
    const step = await records.next();
    if (step.done) {
      return step.value;
    }
    while (allowed === 0) {
      const woken = Promise.withResolvers<void>();
      wake = woken.resolve;
      await woken.promise;
    }
    allowed--;
    send(step.value, [step.value.bytes.buffer, step.value.sizes.buffer]);
  }
}

serveWorker<DeltaCalls>({
  /** Expands a delta while those before it are read, and reads it after them. */
  read: async (task, send) => {
    const body = startExpanding(task);
    const summary = last.then(() => read(task, body, send));
    last = summary.catch(() => undefined);
    return { value: await summary };
  },
  giveBack: (batch) => {
    reader.giveBack(batch);
    allowed++;
    wake();
    return { value: undefined };
  },
});
