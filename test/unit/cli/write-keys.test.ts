import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeKeys } from '../../../src/cli/write-keys.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { Interrupted } from '../../../src/runtime/process/interrupted.ts';
import { LeftUndone } from '../../../src/runtime/process/left-undone.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { ModelKeys } from '../../support/etcd/model-keys.ts';

const options = { yes: true, leases: 'map', keepGoing: false, otherCluster: false } as const;

/** The cluster that is written to. */
const CLUSTER = 0xbeen;

/** What is printed when `count` keys are written to a cluster, and what it throws. */
async function printed(
  model: ModelKeys,
  count: number,
  {
    clusterId,
    memberIds = [],
    signal,
    ...changes
  }: {
    readonly memberIds?: readonly bigint[];
    readonly yes?: boolean;
    readonly otherCluster?: boolean;
    readonly clusterId?: bigint;
    readonly signal?: AbortSignal;
  } = {},
): Promise<readonly [string, unknown]> {
  let stdout = '';
  const rest = { createRevision: 1, modRevision: 1, version: 1, lease: 0n, leaseTtl: undefined };
  const request = {
    source: {
      async *keys() {
        for (let at = 0; at < count; at++) {
          yield { ...rest, key: Buffer.from(`/${String(at).padStart(3, '0')}`), value: Buffer.from('x') };
        }
      },
    },
    from: { clusterId, memberIds },
    connection: {
      members: { list: async () => [{ id: 1n }, { id: 2n }] },
      cluster: {
        alarms: async () => [],
        location: model.location,
        status: async () => ({ clusterId: CLUSTER }),
      },
      keys: model,
    },
    existing: { unchangedSince: undefined, others: 'left' },
    shown: 'what was deleted',
    options: { ...options, ...changes },
    format: 'text',
    print: async (text: string) => {
      stdout += text;
    },
  } as const;
  const error = await writeKeys(request, recordedContext(signal)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return [stdout, error];
}

describe('writing keys', () => {
  it('tells what was written before it was ended', async () => {
    const model = new ModelKeys();
    const ended = new Error('ended');
    model.beforePut = () => {
      if (model.writes === 1) {
        throw ended;
      }
    };
    const [stdout, error] = await printed(model, 100);
    assert.equal(error, ended);
    assert.match(stdout, /created +\/063 [^\n]*\n64 keys created\n$/);
  });

  it('says in the last line what is written when it was interrupted', async () => {
    const model = new ModelKeys();
    const stop = new AbortController();
    const interrupted = new Interrupted('SIGTERM');
    model.beforePut = () => {
      if (model.writes === 1) {
        stop.abort(interrupted);
        throw interrupted;
      }
    };
    const [stdout, error] = await printed(model, 100, { signal: stop.signal });
    assert.match(stdout, /64 keys created\n$/);
    assert.ok(error instanceof LeftUndone, String(error));
    assert.equal(error.exitCode, 143);
    assert.match(
      error.message,
      /^cannot write all keys to [^;]+: interrupted by SIGTERM, with 64 keys created; run it again/,
    );
    const planned = new ModelKeys();
    planned.positions = () => Promise.reject(interrupted);
    assert.equal((await printed(planned, 3, { yes: false, signal: stop.signal }))[1], interrupted);
  });

  it('sums up no plan that is not complete', async () => {
    const model = new ModelKeys();
    model.positions = () => Promise.reject(new Error('ended'));
    assert.equal((await printed(model, 3, { yes: false }))[0], '');
  });

  it('writes nothing to another cluster than the keys are of, unless it is told so', async () => {
    const model = new ModelKeys();
    const [planned, why] = await printed(model, 2, { yes: false, clusterId: 0xan });
    assert.match(planned, /2 keys would be created; nothing was written, /);
    assert.ok(why instanceof Failure && why.code === 'apply_other_cluster', String(why));
    assert.match(why.message, /the keys are of the cluster a, and this one is bee; --yes would write nothing; /);
    const [stdout, error] = await printed(model, 2, { clusterId: 0xan });
    assert.ok(error instanceof Failure && error.code === 'apply_other_cluster', String(error));
    assert.deepEqual([stdout, model.writes], ['', 0]);
    const asked = await printed(model, 2, { clusterId: 0xan, otherCluster: true });
    assert.deepEqual([asked[1], model.writes], [undefined, 1]);
    for (const known of [{ clusterId: CLUSTER }, {}]) {
      assert.equal((await printed(new ModelKeys(), 2, known))[1], undefined);
    }
  });

  it('goes by the members where the id of the cluster is not known', async () => {
    const [stdout, error] = await printed(new ModelKeys(), 2, { memberIds: [3n, 0xabcn] });
    assert.equal(stdout, '');
    assert.ok(error instanceof Failure && error.code === 'apply_other_cluster', String(error));
    assert.match(error.message, /of a cluster with the members 3, abc, and this one has 1, 2; nothing was written/);
    for (const others of [{ memberIds: [3n, 2n] }, { memberIds: [3n], otherCluster: true }]) {
      assert.equal((await printed(new ModelKeys(), 2, others))[1], undefined);
    }
  });

  it('has no line for what was not deleted', async () => {
    const model = new ModelKeys();
    model.set('/000', 'x');
    assert.match((await printed(model, 2))[0], /^created {4}\/001 [^\n]*\n1 key created, 1 already there\n$/);
  });
});
