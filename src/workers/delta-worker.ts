import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { startExpanding } from '../objects/delta-file.ts';
import type { DeltaTask } from '../objects/delta-reader.ts';
import { DeltaRecordReader } from '../objects/delta-record-reader.ts';
import type { DeltaSummary } from '../objects/record-decoder.ts';
import { BackgroundSha256 } from '../runtime/process/background-sha256.ts';
import { type SendItem, serveWorker } from './serve-worker.ts';

/** Batches that may be sent before the first of them is given back. */
const BATCHES_IN_FLIGHT = 12;

/** Stored bytes from which on hashing on another thread is worth its start. */
const WORTH_BACKGROUND = 256 * 1024;

/** What a {@link DeltaThread} asks its worker. */
export type DeltaCalls = {
  /** Deltas are read one after the other. */
  readonly read: { readonly request: DeltaTask; readonly item: OwnedEntryBatch; readonly result: DeltaSummary };
  /** This batch is used up, one more may be sent. */
  readonly giveBack: { readonly request: OwnedEntryBatch; readonly result: undefined };
};

// Only chains that are worth a thread come here.
const reader = new DeltaRecordReader({ parserFrom: 0 });
let allowed = BATCHES_IN_FLIGHT;
let wake: () => void = () => {};
let last: Promise<unknown> = Promise.resolve();

async function read(
  task: DeltaTask,
  body: AsyncIterable<Uint8Array>,
  send: SendItem<OwnedEntryBatch>,
): Promise<DeltaSummary> {
  // This thread is what the others wait for.
  const hash = task.size < WORTH_BACKGROUND ? undefined : await BackgroundSha256.begin();
  const records = reader.read(body, task, hash);
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
    const value = await summary;
    if (task.stored.kind === 'memory') {
      // Gives it up now: until this thread collects garbage, many more deltas may come.
      task.stored.bytes.buffer.transfer(0);
    }
    return { value };
  },
  giveBack: (batch) => {
    reader.giveBack(batch);
    allowed++;
    wake();
    return { value: undefined };
  },
});
