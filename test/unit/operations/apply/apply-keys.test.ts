import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ApplyRequest, applyKeys, planApply } from '../../../../src/operations/apply/apply-keys.ts';
import type { KeyOutcome } from '../../../../src/operations/apply/key-outcome.ts';
import type { ExportedKey } from '../../../../src/operations/export/exported-key.ts';
import { revision } from '../../../../src/revision.ts';
import { Failure } from '../../../../src/runtime/failure.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { ModelKeys } from '../../../support/etcd/model-keys.ts';

function exported(key: string, value: string, lease = 0n, leaseTtl?: number): ExportedKey {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    createRevision: 1,
    modRevision: 1,
    version: 1,
    lease,
    leaseTtl,
  };
}

function requestFor(
  model: ModelKeys,
  wanted: readonly ExportedKey[],
  changes: Partial<ApplyRequest> = {},
): ApplyRequest {
  return {
    source: {
      async *keys() {
        yield* wanted;
      },
    },
    keys: model,
    cluster: { alarms: async () => [] },
    existing: { unchangedSince: undefined, others: 'conflict' },
    isBeingDeleted: (value) => Buffer.from(value).toString() === 'dying',
    leases: 'map',
    surprises: 'stop',
    ...changes,
  };
}

/** Kinds and keys of the outcomes, and the code of the failure that ended them. */
async function outcomesOf(outcomes: AsyncIterable<KeyOutcome>): Promise<readonly string[]> {
  const seen: string[] = [];
  try {
    for await (const { kind, key } of outcomes) {
      seen.push(`${kind} ${Buffer.from(key).toString()}`);
    }
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    seen.push(error.code);
  }
  return seen;
}

const context = recordedContext();

describe('applying keys', () => {
  it('writes what is missing in few transactions, and nothing a second time', async () => {
    const model = new ModelKeys();
    const wanted = Array.from({ length: 130 }, (_, at) => exported(`/k${String(at).padStart(3, '0')}`, `v${at}`));
    model.set('/k007', 'v7');
    const planned = await outcomesOf(planApply(requestFor(model, wanted), context));
    assert.deepEqual([planned[6], planned[7], planned.length], ['create /k006', 'present /k007', 130]);
    assert.equal(model.keys.size, 1);
    const done = await outcomesOf(applyKeys(requestFor(model, wanted), context));
    assert.deepEqual([done[6], done[7], done.length, model.writes], ['created /k006', 'present /k007', 130, 3]);
    assert.ok(
      (await outcomesOf(applyKeys(requestFor(model, wanted), context))).every((each) => each.startsWith('present')),
    );
    assert.equal(model.writes, 3);
  });

  it('writes nothing where a key has another value, unless it is to keep going', async () => {
    const model = new ModelKeys();
    model.set('/b', 'other');
    const wanted = [exported('/a', '1'), exported('/b', '2'), exported('/c', '3')];
    assert.deepEqual(await outcomesOf(applyKeys(requestFor(model, wanted), context)), [
      'conflict /b',
      'apply_conflict',
    ]);
    assert.equal(model.writes, 0);
    const going = requestFor(model, wanted, { surprises: 'keep going' });
    assert.deepEqual(await outcomesOf(applyKeys(going, context)), ['created /a', 'conflict /b', 'created /c']);
    assert.equal(model.keys.get('/b')?.value, 'other');
  });

  it('replaces what was not changed since, and nothing else', async () => {
    const model = new ModelKeys();
    const old = model.set('/a', 'old');
    model.set('/b', 'newer');
    const wanted = [exported('/a', '1'), exported('/b', '2')];
    const existing = { unchangedSince: revision(old), others: 'left' } as const;
    const done = await outcomesOf(applyKeys(requestFor(model, wanted, { existing }), context));
    assert.deepEqual(done, ['replaced /a', 'left /b']);
    assert.deepEqual([model.keys.get('/a')?.value, model.keys.get('/b')?.value], ['1', 'newer']);
  });

  for (const count of [1, 3]) {
    it(`stops at a key that is changed while it runs, of ${count} in a transaction`, async () => {
      const model = new ModelKeys();
      const wanted = ['/a', '/b', '/c'].slice(0, count).map((key) => exported(key, 'mine'));
      model.beforePut = () => {
        model.beforePut = () => undefined;
        model.set('/a', 'theirs');
      };
      const done = await outcomesOf(applyKeys(requestFor(model, wanted), context));
      assert.deepEqual(done, ['conflict /a', 'apply_conflict']);
      assert.deepEqual(
        [...model.keys].map(([key, { value }]) => `${key} ${value}`),
        ['/a theirs'],
      );
    });
  }

  it('takes a key for written whose answer was lost, and writes one that was deleted meanwhile', async () => {
    const model = new ModelKeys();
    const old = model.set('/b', 'old');
    model.beforePut = () => {
      model.beforePut = () => undefined;
      model.set('/a', 'mine');
      model.keys.delete('/b');
    };
    const existing = { unchangedSince: revision(old), others: 'conflict' } as const;
    const wanted = [exported('/a', 'mine'), exported('/b', 'mine')];
    const done = await outcomesOf(applyKeys(requestFor(model, wanted, { existing }), context));
    assert.deepEqual(done, ['present /a', 'created /b']);
  });

  it('ends at a key that changes without end', async () => {
    const model = new ModelKeys();
    model.set('/a', 'old');
    model.beforePut = () => model.set('/a', 'again');
    const existing = { unchangedSince: revision(1_000), others: 'conflict' } as const;
    const done = await outcomesOf(applyKeys(requestFor(model, [exported('/a', 'mine')], { existing }), context));
    assert.deepEqual(done, ['conflict /a', 'apply_conflict']);
  });

  it('grants each lease once, with its time to live, where its keys are written', async () => {
    const model = new ModelKeys();
    model.set('/there', 'x');
    const wanted = [
      exported('/a', '1', 77n, 60),
      exported('/b', '2', 77n, 60),
      exported('/c', '3', 78n),
      exported('/there', 'x', 79n, 10),
    ];
    const recorded = recordedContext();
    await outcomesOf(applyKeys(requestFor(model, wanted), recorded));
    assert.deepEqual(model.leases, [60]);
    assert.deepEqual(
      ['/a', '/b', '/c'].map((key) => model.keys.get(key)?.lease),
      [1n, 1n, 0n],
    );
    assert.match(recorded.lines.map(({ text }) => text).join('\n'), /The time to live of lease 4e is not known/);
    const dropped = new ModelKeys();
    await outcomesOf(applyKeys(requestFor(dropped, wanted, { leases: 'drop' }), context));
    assert.deepEqual([dropped.leases, dropped.keys.get('/a')?.lease], [[], 0n]);
  });

  it('sees beforehand what etcd would refuse for its size, and divides what is too much together', async () => {
    const model = new ModelKeys();
    model.mostBytes = 600_000;
    const wanted = [exported('/a', 'x'), exported('/huge', 'x'.repeat(700_000)), exported('/b', 'y')];
    assert.deepEqual(await outcomesOf(planApply(requestFor(model, wanted), context)), [
      'create /a',
      'too large /huge',
      'create /b',
    ]);
    assert.deepEqual(await outcomesOf(applyKeys(requestFor(model, wanted), context)), [
      'too large /huge',
      'etcd_request_too_large',
    ]);
    assert.equal(model.writes, 0);
    model.mostBytes = 300_000;
    const many = ['/1', '/2', '/3'].map((key) => exported(key, 'z'.repeat(150_000)));
    assert.deepEqual(await outcomesOf(applyKeys(requestFor(model, many), context)), [
      'created /1',
      'created /2',
      'created /3',
    ]);
  });

  it('does not bring back what would be deleted again', async () => {
    const model = new ModelKeys();
    model.set('/there', 'dying');
    const wanted = [exported('/a', '1'), exported('/dying', 'dying'), exported('/there', 'dying')];
    const done = await outcomesOf(applyKeys(requestFor(model, wanted), context));
    assert.deepEqual([done, model.writes], [['being deleted /dying', 'apply_conflict'], 0]);
    const going = requestFor(model, wanted, { surprises: 'keep going' });
    assert.deepEqual(await outcomesOf(applyKeys(going, context)), [
      'created /a',
      'being deleted /dying',
      'present /there',
    ]);
  });

  it('begins nothing where no write can succeed', async () => {
    const model = new ModelKeys();
    const cluster = { alarms: async () => [{ memberId: 1n, alarm: 'NOSPACE' as const }] };
    const done = await outcomesOf(applyKeys(requestFor(model, [exported('/a', '1')], { cluster }), context));
    assert.deepEqual([done, model.writes], [['etcd_no_space'], 0]);
  });
});
