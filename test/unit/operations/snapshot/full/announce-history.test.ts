import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DatabaseFacts } from '../../../../../src/datadir/mvcc/inspect-database.ts';
import { announceHistory } from '../../../../../src/operations/snapshot/full/announce-history.ts';
import type { FirstFull } from '../../../../../src/operations/snapshot/history/mark-new-history.ts';
import { revision } from '../../../../../src/revision.ts';
import { recordedContext } from '../../../../support/context/run-context.ts';

const broken = { change: 'rolled_back', found: 'it is at revision 61, and 65 was seen before' } as const;
const facts: DatabaseFacts = { lastRevision: 61, hash: 1, totalKeys: 1, changes: 1, size: 8_192, pageSize: 4_096 };

/** A full that ends at revision 61, and what is announced with it. */
function fullAt61(checked: Promise<DatabaseFacts>) {
  checked.catch(() => undefined);
  const announced: FirstFull[] = [];
  const full = {
    database: { path: '/tmp/db', lastRevision: revision(61), checked },
    createdOn: 1_700_000_000,
    final: false,
    compression: 'gzip',
    recipients: undefined,
  } as const;
  const announcer = {
    announce: async (_: unknown, begun: FirstFull) => {
      announced.push(begun);
      return undefined;
    },
  };
  return { full, announced, announcer };
}

describe('a full that begins a new history', () => {
  test('is announced by its name', async () => {
    const { full, announced, announcer } = fullAt61(Promise.resolve(facts));
    await announceHistory(full, { broken, announcer }, recordedContext());
    assert.deepEqual(
      announced.map(({ first, database }) => [first.name, database.lastRevision]),
      [['Full-00000000-00000061-1700000000.gz', 61]],
    );
  });

  test('is announced only when its database was found sound', async () => {
    const { promise, resolve } = Promise.withResolvers<DatabaseFacts>();
    const { full, announced, announcer } = fullAt61(promise);
    const done = announceHistory(full, { broken, announcer }, recordedContext());
    await new Promise(setImmediate);
    assert.equal(announced.length, 0);
    resolve(facts);
    await done;
    assert.equal(announced.length, 1);
  });

  test('of an unsound database is not announced', async () => {
    const { full, announced, announcer } = fullAt61(Promise.reject(new Error('page 7 is damaged')));
    await assert.rejects(announceHistory(full, { broken, announcer }, recordedContext()), /page 7 is damaged/);
    assert.equal(announced.length, 0);
  });
});

test('a full that continues the history is announced by nothing, and waits for no check', async () => {
  const { full, announced, announcer } = fullAt61(new Promise(() => undefined));
  assert.equal(await announceHistory(full, { broken: undefined, announcer }, recordedContext()), undefined);
  assert.equal(announced.length, 0);
});
