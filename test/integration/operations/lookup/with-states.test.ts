import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compareStates } from '../../../../src/operations/lookup/compare-states.ts';
import { withStates } from '../../../../src/operations/lookup/with-states.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const objects = goldenObjects('etcd-3.5/gzip');
const at = (wanted: number): RestoreTarget => ({ until: { kind: 'revision', revision: revision(wanted) } });
/** When the delta that ends at revision 119 was taken; changes after it are later. */
const seconds = Number(/Incr-00000090-00000119-(\d+)/.exec(objects.map(({ key }) => key).join(' '))?.[1]);
const time: RestoreTarget = { until: { kind: 'time', time: { seconds, nanos: 0 } } };

interface Compared {
  readonly revisions: readonly [number, number];
  readonly changes: readonly string[];
  readonly lists: number;
  readonly fulls: number;
}

async function compared(before: RestoreTarget, after: RestoreTarget): Promise<Compared> {
  using dir = makeTempDir();
  const stored = memorySnapStore(objects);
  let [lists, fulls] = [0, 0];
  const store: typeof stored = {
    ...stored,
    list: (options) => {
      lists++;
      return stored.list(options);
    },
    fetch: (snapshot, options) => {
      // Where it comes from is read from its end.
      fulls += Number(snapshot.kind === 'Full' && options.range === undefined);
      return stored.fetch(snapshot, options);
    },
  };
  const request = (target: RestoreTarget) =>
    ({ source: { kind: 'store', store, target }, tempDir: dir.path, maxFetchers: 1 }) as const;
  const context = recordedContext();
  return await withStates({ before: request(before), after: request(after) }, context, async (pair) => {
    const changes: string[] = [];
    for await (const { kind, key } of compareStates(pair, { prefix: Buffer.alloc(0) }, context)) {
      changes.push(`${kind} ${Buffer.from(key).toString('hex')}`);
    }
    return { revisions: [pair.before.revision, pair.after.revision], changes, lists, fulls };
  });
}

const opposite = (change: string): string =>
  change.replace(/^\w+/, (kind) => ({ added: 'deleted', deleted: 'added' })[kind] ?? kind);

test('a store is listed once for two states, and read once, whichever is named first', async () => {
  for (const [older, newer] of [
    [at(58), at(100)],
    [at(90), {}],
    [time, {}],
    [time, at(122)],
  ] as const) {
    const forwards = await compared(older, newer);
    const backwards = await compared(newer, older);
    assert.ok(forwards.changes.length > 0);
    assert.deepEqual(backwards.changes, forwards.changes.map(opposite));
    assert.deepEqual(backwards.revisions, forwards.revisions.toReversed());
    assert.deepEqual([forwards.lists, backwards.lists, forwards.fulls], [1, 1, 1]);
    // A revision and a time cannot be compared before something is read.
    assert.equal(backwards.fulls, older === time && newer !== undefined && 'until' in newer ? 2 : 1);
  }
});

test('a state and itself have no difference', async () => {
  for (const target of [{}, at(90), time]) {
    const { changes, lists, fulls } = await compared(target, target);
    assert.deepEqual([changes, lists, fulls], [[], 1, 1]);
  }
});

test('a snapshot that is named is read by itself, of the same listing', async () => {
  const { revisions, lists, fulls } = await compared({ from: 'Full-00000000-00000058-1795251532.gz' }, at(90));
  assert.deepEqual([revisions, lists, fulls], [[58, 90], 1, 2]);
});
