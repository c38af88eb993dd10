import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ValidationMode } from '../../../src/operations/initialize/data-dir-state.ts';
import { Initialization } from '../../../src/server/initialization.ts';

/** An initialization whose runs a test ends. */
function rig() {
  const modes: ValidationMode[] = [];
  const changes: string[] = [];
  let running = Promise.withResolvers<void>();
  const initialization = new Initialization({
    run: (mode) => {
      modes.push(mode);
      running = Promise.withResolvers<void>();
      return running.promise;
    },
    onChange: (is) => void changes.push(is),
  });
  const end = async (outcome: 'well' | 'badly'): Promise<void> => {
    if (outcome === 'well') {
      running.resolve();
    } else {
      running.reject(new Error('damaged'));
    }
    await initialization.ended();
  };
  /** The word, with its answer written. */
  const status = (): string => {
    const { word, sent } = initialization.read();
    sent();
    return word;
  };
  return { initialization, modes, changes, end, status };
}

describe('an initialization on request', () => {
  it('goes from New over Progress to its result, which is told once', async () => {
    for (const [outcome, word] of [
      ['well', 'Successful'],
      ['badly', 'Failed'],
    ] as const) {
      const { initialization, changes, end, status } = rig();
      assert.equal(status(), 'New');
      initialization.start('full');
      assert.deepEqual([status(), status()], ['Progress', 'Progress']);
      assert.deepEqual(changes, ['begun']);
      await end(outcome);
      assert.deepEqual(changes, ['begun', 'ended']);
      assert.deepEqual([status(), status()], [word, 'New']);
    }
  });

  it('runs once at a time: a start during a run changes nothing', async () => {
    const { initialization, modes, end, status } = rig();
    initialization.start('full');
    initialization.start('sanity');
    await end('well');
    assert.deepEqual([status(), status()], ['Successful', 'New']);
    assert.deepEqual(modes, ['full']);
  });

  it('keeps its result when the answer could not be written', async () => {
    const { initialization, end, status } = rig();
    initialization.start('full');
    await end('badly');
    assert.equal(initialization.read().word, 'Failed');
    assert.equal(initialization.read().word, 'Failed');
    assert.deepEqual([status(), status()], ['Failed', 'New']);
  });

  it('remembers a start that came before the result was read, with its newest mode', async () => {
    const { initialization, modes, end, status } = rig();
    initialization.start('full');
    await end('well');
    initialization.start('full');
    initialization.start('sanity');
    assert.deepEqual(modes, ['full']);
    assert.deepEqual([status(), status()], ['Successful', 'Progress']);
    assert.deepEqual(modes, ['full', 'sanity']);
    await end('badly');
    assert.deepEqual([status(), status()], ['Failed', 'New']);
  });

  it('tells a result to nobody in the place of the one that he has read', async () => {
    const { initialization, end } = rig();
    initialization.start('full');
    await end('well');
    const [first, second] = [initialization.read(), initialization.read()];
    first.sent();
    initialization.start('full');
    await end('well');
    second.sent();
    assert.equal(initialization.read().word, 'Successful');
  });
});
