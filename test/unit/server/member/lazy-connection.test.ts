import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConnection } from '../../../../src/etcd/connect.ts';
import { lazyConnection } from '../../../../src/server/member/lazy-connection.ts';
import { FakeClock } from '../../../support/clock/fake-clock.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { connectionTo } from '../../../support/etcd/connected.ts';
import { failure } from '../../../support/etcd/model-members.ts';

test('an opening that fails is the failure of one question, and is tried again for the next', async () => {
  let openings = 0;
  let closed = 0;
  const real = await openConnection(connectionTo(['http://127.0.0.1:1']), { clock: new FakeClock(), log: quietLogger });
  const ended = new AbortController();
  const { members, cluster } = lazyConnection(() => {
    openings += 1;
    const close = async (): Promise<void> => {
      closed += 1;
      await real[Symbol.asyncDispose]();
    };
    return openings === 1
      ? Promise.reject(failure('etcd_options'))
      : Promise.resolve({ ...real, [Symbol.asyncDispose]: close });
  }, ended.signal);
  const { signal } = new AbortController();
  assert.equal(openings, 0);
  await assert.rejects(members.list({ signal }), { code: 'etcd_options' });
  await assert.rejects(members.list({ signal }), { code: 'etcd_unreachable' });
  await assert.rejects(cluster.position({ signal }), { code: 'etcd_unreachable' });
  assert.equal(openings, 2);
  ended.abort();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(closed, 1);
});
