import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Database } from '../../../../src/datadir/bbolt/database.ts';
import { type CommonHistory, commonHistory } from '../../../../src/datadir/mvcc/common-history.ts';
import { revision } from '../../../../src/revision.ts';
import type { DeltaEvent } from '../../../../src/snapshot/delta-event.ts';
import { eventDatabase } from '../../../support/datadir/event-database.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';
import { del, history, put } from '../../../support/fixtures/delta-events.ts';

/** Changes, and up to which revision they are compacted. */
interface Made {
  readonly events: readonly DeltaEvent[];
  readonly compacted?: number;
}

/** Compares both ways, which has to give the same. */
async function compared(one: Made, other: Made): Promise<CommonHistory> {
  using dir = makeTempDir();
  const options = { signal: AbortSignal.timeout(20_000) };
  const bytes = async ({ events, compacted }: Made) =>
    await eventDatabase(events, compacted === undefined ? {} : { compactedUpTo: compacted });
  await using left = await Database.open(writeFileIn(dir, 'one', await bytes(one)));
  await using right = await Database.open(writeFileIn(dir, 'other', await bytes(other)));
  const found = await commonHistory(left, right, options);
  assert.deepEqual(await commonHistory(right, left, options), found, 'the other way round');
  return found;
}

const past = history(2, 50);

describe('two databases', () => {
  test('of one history share all of the one that ends first', async () => {
    const found = await compared({ events: past }, { events: [...past, ...history(51, 3_000)] });
    assert.deepEqual(found, { shared: 50, differs: undefined });
  });

  test('that part share what comes before', async () => {
    const found = await compared(
      { events: [...past, put('new', 51), put('x', 52)] },
      { events: [...past, put('old', 51), put('x', 52)] },
    );
    assert.deepEqual(found, { shared: 50, differs: 51 });
  });

  test('that have nothing in common share nothing', async () => {
    const found = await compared({ events: [put('a', 2)] }, { events: [put('b', 2)] });
    assert.deepEqual(found, { shared: 0, differs: 2 });
  });

  test('share no transaction of which a part differs', async () => {
    const found = await compared(
      { events: [...past, put('a', 51), put('b', 51), put('c', 52)] },
      { events: [...past, put('a', 51), put('c', 52)] },
    );
    assert.deepEqual(found, { shared: 50, differs: 51 });
  });

  test('tell a change of one field and a deletion apart', async () => {
    for (const other of [
      del('a', 51),
      put('a', 51, { lease: 8n }),
      put('a', 51, { version: 2 }),
      put('a', 51, { createRevision: revision(5) }),
      put('a', 51, { value: Buffer.from('other') }),
    ]) {
      const found = await compared({ events: [...past, put('a', 51, { lease: 7n })] }, { events: [...past, other] });
      assert.deepEqual(found, { shared: 50, differs: 51 });
    }
  });

  test('take a lease that only one of them has for no difference: a restore may have dropped it', async () => {
    const leased = { events: [...past, put('a', 51, { lease: 7n })] };
    const found = await compared(leased, { events: [...past, put('a', 51)] });
    assert.deepEqual(found, { shared: 51, differs: undefined });
  });
});

describe('where a compaction has removed changes', () => {
  const busy = (from: number, to: number, key = 'busy') =>
    Array.from({ length: to - from + 1 }, (_, at) =>
      put(key, from + at, { version: from + at, createRevision: revision(2) }),
    );

  test('what is left of them is compared, and the parting is found after it', async () => {
    const one = { events: [...past, ...busy(51, 100), put('new', 101)], compacted: 80 };
    const other = { events: [...past, ...busy(51, 100), put('old', 101)], compacted: 60 };
    assert.deepEqual(await compared(one, other), { shared: 100, differs: 101 });
  });

  test('a parting before it is not seen later than it was', async () => {
    const one = { events: [...past, ...busy(51, 100, 'new')], compacted: 80 };
    const other = { events: [...past, ...busy(51, 100, 'old')] };
    // At 80 the one still has its key.
    assert.deepEqual(await compared(one, other), { shared: 50, differs: 80 });
  });

  test('of both, nothing is proved that neither holds', async () => {
    const one = { events: busy(2, 100, 'new'), compacted: 100 };
    const other = { events: busy(2, 70, 'old'), compacted: 70 };
    assert.deepEqual(await compared(one, other), { shared: 0, differs: undefined });
  });

  test('a deletion that it has removed is no difference', async () => {
    const events = [...past, put('a', 51), del('a', 52), put('b', 53)];
    assert.deepEqual(await compared({ events, compacted: 53 }, { events }), { shared: 53, differs: undefined });
  });
});
