import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../../src/operations/compact/compact.ts';
import { initialize } from '../../../../src/operations/initialize/initialize.ts';
import { type RestoreResult, restore } from '../../../../src/operations/restore/restore.ts';
import type { RestoreTarget } from '../../../../src/operations/restore/target.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { parseEventTime } from '../../../../src/snapshot/delta/event-time.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { fullObject } from '../../../support/fixtures/backup-objects.ts';
import { goldenObjects } from '../../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type MemoryObject, memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const golden = goldenObjects('etcd-3.5/gzip');

/** A restore of the state that `target` names. */
async function restored(objects: readonly MemoryObject[], target: RestoreTarget = {}): Promise<RestoreResult> {
  using dir = makeTempDir();
  return await restore(restoreRequest(dir, { store: memorySnapStore(objects), target }), recordedContext());
}

/** The golden chain and a second full, of the end of its second delta, which the third one continues. */
async function twoFulls(): Promise<readonly MemoryObject[]> {
  using dir = makeTempDir();
  const target = { until: { kind: 'revision', revision: revision(119) } } as const;
  await restore(restoreRequest(dir, { store: memorySnapStore(golden), target }), recordedContext());
  const second = fullObject(readFileSync(dir.join('data', 'member', 'snap', 'db')), {
    lastRevision: 119,
    createdOn: 1_795_251_537,
  });
  return [...golden, second].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function damaged(objects: readonly MemoryObject[], name: string): readonly MemoryObject[] {
  assert.ok(objects.some(({ key }) => key.includes(name)));
  return objects.map((object) =>
    object.key.includes(name) ? { ...object, bytes: object.bytes.subarray(0, object.bytes.length >> 1) } : object,
  );
}

async function messageOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => assert.fail('it is damaged'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.code, 'snapshot_corrupt');
  return error.message;
}

function targetIn(message: string): RestoreTarget {
  const [, to] = /--to-revision (\d+)/.exec(message) ?? [];
  const [, from] = /--snapshot (Full\S+)/.exec(message) ?? [];
  assert.ok(to !== undefined, message);
  return { from, until: { kind: 'revision', revision: revision(Number(to)) } };
}

describe('a restore from a damaged chain names the newest state that is left, and the flags that restore it', () => {
  const cases = [
    { name: 'Incr-00000059', fulls: 1, reached: 58, flags: '--to-revision 58', time: '2026-11-21T08:58:52Z' },
    { name: 'Incr-00000090', fulls: 1, reached: 89, flags: '--to-revision 89', time: '2026-11-21T08:58:54Z' },
    { name: 'Incr-00000120', fulls: 1, reached: 119, flags: '--to-revision 119', time: '2026-11-21T08:58:56Z' },
    { name: 'Incr-00000120', fulls: 2, reached: 119, flags: '--to-revision 119', time: '2026-11-21T08:58:57Z' },
    {
      name: 'Full-00000000-00000119',
      fulls: 2,
      reached: 122,
      flags: '--snapshot Full-00000000-00000058-1795251532.gz --to-revision 122',
      time: '2026-11-21T08:58:58Z',
    },
  ] as const;
  for (const { name, fulls, reached, flags, time } of cases) {
    it(`${name}, with ${fulls} full`, async () => {
      const objects = damaged(fulls === 1 ? golden : await twoFulls(), name);
      const message = await messageOf(restored(objects));
      assert.match(
        message,
        new RegExp(`; look for another copy of it, or give ${flags} to restore the state of ${time}`),
      );
      assert.equal((await restored(objects, targetIn(message))).revision, reached);
    });
  }

  it('also for a time, of which the delta that is damaged would tell', async () => {
    const objects = damaged(golden, 'Incr-00000090');
    const time = parseEventTime('2026-11-21T08:58:55Z') ?? assert.fail();
    const message = await messageOf(restored(objects, { until: { kind: 'time', time } }));
    assert.match(message, /or give --to-revision 89 instead of --to-time to restore the state of /);
    assert.equal((await restored(objects, targetIn(message))).revision, 89);
  });

  it('and says so when there is none', async () => {
    assert.match(await messageOf(restored(damaged(golden, 'Full-'))), /nothing else that is there leads to a state$/);
  });
});

describe('other commands, which have no such flags, name the one that has', () => {
  const objects = damaged(golden, 'Incr-00000090');
  const advice = /look for another copy of it, or run etcdbrctl restore --to-revision 89 to restore the state of 2026-/;

  it('initialize', async () => {
    using dir = makeTempDir();
    const request = restoreRequest(dir, { store: memorySnapStore(objects) });
    const run = initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext());
    assert.match(await messageOf(run), advice);
  });

  it('initialize, of a hole', async () => {
    using dir = makeTempDir();
    const holed = golden.filter(({ key }) => !key.includes('Incr-00000090'));
    const request = restoreRequest(dir, { store: memorySnapStore(holed) });
    await assert.rejects(initialize({ ...request, mode: 'full', namespace: undefined }, recordedContext()), {
      code: 'backup_gap',
      message: /or run etcdbrctl restore --to-revision 89 to restore the state before it$/,
    });
  });

  it('compact', async () => {
    using dir = makeTempDir();
    const request = { ...restoreRequest(dir, { store: memorySnapStore(objects) }), saveTimeoutMs: 1_000 };
    assert.match(await messageOf(compactBackup(request, recordedContext())), advice);
  });
});

describe('a full that holds less than its name says', () => {
  const name = 'Full-00000000-00000130-1795251640.gz';
  /** The full of the golden store under the name of a later revision. */
  const short = golden
    .filter(({ key }) => key.includes('Full-'))
    .map((full): MemoryObject => ({ ...full, key: full.key.replace(/Full-.*/, name) }));

  it('is refused, and the state that the others lead to is named', async () => {
    const objects = [...golden, ...short];
    const message = await messageOf(restored(objects));
    assert.match(message, /its database ends at revision 58, its name says 130; .* give --to-revision 122 to restore/);
    const until = { kind: 'revision', revision: revision(122) } as const;
    assert.equal((await restored(objects, { until })).revision, 122);
  });

  it('is refused where it is all there is, unless it is named', async () => {
    const message = await messageOf(restored(short));
    assert.match(
      message,
      new RegExp(`restore --snapshot ${name} takes what it holds; .*nothing else that is there leads to a state`),
    );
    assert.equal((await restored(short, { from: name })).revision, 58);
  });

  it('leads to no revision that it does not hold', async () => {
    const until = { kind: 'revision', revision: revision(125) } as const;
    await assert.rejects(restored([...golden, ...short], { until }), Failure);
  });
});
