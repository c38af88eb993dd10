import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BufferCollector } from '../../../../src/runtime/memory/buffer-collector.ts';

const MIB = 1024 * 1024;

/** A collector that only writes down what it collects, and when it gets the means to. */
function recorded(): { readonly collector: BufferCollector; readonly calls: string[] } {
  const calls: string[] = [];
  const collector = new BufferCollector(() => {
    calls.push('open');
    return (what) => calls.push(what);
  });
  return { collector, calls };
}

describe('the buffer collector', () => {
  it('collects young objects after 4 MiB, and all after 64 MiB', () => {
    const { collector, calls } = recorded();
    using buffers = collector.begin();
    for (let block = 0; block < 128; block++) {
      buffers.discarded(MIB / 2);
    }
    assert.deepEqual(calls, ['open', ...Array.from({ length: 15 }, () => 'young'), 'all']);
    buffers.collect();
    assert.equal(calls.at(-1), 'all and memory');
  });

  it('collects nothing between the stages of an operation that discards little, also after others that discarded much', () => {
    const { collector, calls } = recorded();
    using large = collector.begin();
    using small = collector.begin();
    large.discarded(4 * MIB);
    small.discarded(4 * MIB - 1);
    small.collect();
    assert.deepEqual(calls, ['open', 'young']);
    small.discarded(1);
    small.collect();
    assert.deepEqual(calls.slice(2), ['young', 'all and memory']);
  });

  it('adds up what operations discard at the same time, and goes on for one when another ends', () => {
    const { collector, calls } = recorded();
    using first = collector.begin();
    {
      using second = collector.begin();
      first.discarded(2 * MIB);
      second.discarded(2 * MIB);
      assert.deepEqual(calls, ['open', 'young']);
    }
    first.discarded(4 * MIB);
    assert.deepEqual(calls, ['open', 'young', 'young']);
  });

  it('lets its means go with the last operation', () => {
    const { collector, calls } = recorded();
    const ended = collector.begin();
    ended[Symbol.dispose]();
    ended.discarded(100 * MIB);
    assert.deepEqual(calls, ['open']);
    using next = collector.begin();
    next.discarded(4 * MIB);
    assert.deepEqual(calls, ['open', 'open', 'young']);
  });
});
