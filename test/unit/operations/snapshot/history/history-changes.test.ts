import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HistoryChanges } from '../../../../../src/operations/snapshot/history/history-changes.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';

test('a history is left when the delta that is being written of it has ended, though nothing more is buffered', async () => {
  const steps: string[] = [];
  const note = (step: string) => () => void steps.push(step);
  const writing = Promise.withResolvers<void>();
  const parts = {
    guard: { leave: note('guard'), reach: undefined },
    chain: { newest: { full: {}, deltas: [] }, leave: note('the chain is left') },
    buffer: { size: 0, endHold: () => undefined, restart: async () => undefined },
    uploadLoop: { write: async () => undefined, settled: () => writing.promise.then(note('the delta is stored')) },
    watermark: { restart: () => undefined },
    turns: { close: async () => undefined },
  };
  const changes = new HistoryChanges(parts as never);
  const leaving = changes.leave({ change: 'different_events', found: 'x' } as never, recordedContext());
  await new Promise(setImmediate);
  assert.deepEqual(steps, ['guard']);
  writing.resolve();
  await leaving;
  assert.deepEqual(steps, ['guard', 'the delta is stored', 'the chain is left']);
});
