import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeltaEncoder } from '../../../../src/snapshot/delta/delta-encoder.ts';
import { eventTimeOf } from '../../../../src/snapshot/delta/event-time.ts';
import { joinedDelta, joinedSize, type WholeDelta } from '../../../../src/snapshot/delta/joined-delta.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { decodedDelta } from '../../../support/fixtures/decoded-delta.ts';
import { history, put } from '../../../support/fixtures/delta-events.ts';

const time = eventTimeOf(1_795_251_600_000);

function encoded(events: readonly DeltaEvent[], leases: ReadonlyMap<bigint, number> = new Map()): Buffer {
  const encoder = new DeltaEncoder();
  for (const event of events) {
    encoder.append(event, time);
  }
  for (const [lease, seconds] of leases) {
    encoder.recordLeaseTtl(lease, seconds);
  }
  return Buffer.concat(encoder.finish());
}

/** The bytes in pieces of `size`. */
function whole(bytes: Buffer, size: number): WholeDelta {
  return {
    size: bytes.length,
    async *read() {
      for (let at = 0; at < bytes.length; at += size) {
        yield bytes.subarray(at, at + size);
      }
    },
  };
}

describe('a joined delta', () => {
  const events = history(59, 90);
  for (const cuts of [[32], [1, 31], [10, 11, 12], Array.from({ length: 32 }, (_, at) => at + 1)]) {
    for (const pieces of [1, 7, 33, 100_000]) {
      it(`of parts up to ${cuts.slice(0, 3).join(', ')} in pieces of ${pieces} is what one encoder would write`, async () => {
        const ends = [...cuts.filter((cut) => cut < events.length), events.length];
        const parts = ends.map((end, at) => whole(encoded(events.slice(at === 0 ? 0 : ends[at - 1], end)), pieces));
        const joined = Buffer.concat(await Array.fromAsync(joinedDelta(parts)));
        assert.deepEqual(joined, encoded(events));
        assert.equal(joined.length, joinedSize(parts));
      });
    }
  }

  it('keeps the lease TTLs of each part', async () => {
    const parts = [
      whole(encoded([put('a', 59, { lease: 5n })], new Map([[5n, 60]])), 100),
      whole(encoded([put('b', 60, { lease: 6n })], new Map([[6n, 70]])), 100),
    ];
    const decoded = await decodedDelta(joinedDelta(parts));
    assert.deepEqual(
      decoded.flatMap(({ leaseTtls }) => [...leaseTtls]),
      [
        [5n, 60],
        [6n, 70],
      ],
    );
  });
});
