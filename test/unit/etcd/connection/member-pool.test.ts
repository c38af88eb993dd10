import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Login } from '../../../../src/etcd/connection/login.ts';
import { MemberClient } from '../../../../src/etcd/connection/member-client.ts';
import { MemberPool } from '../../../../src/etcd/connection/member-pool.ts';
import { TransportSecuritySource } from '../../../../src/etcd/connection/transport-security.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { connectionTo } from '../../../support/etcd/connected.ts';

it('a member that is passed over is not asked first any more, nor another one that was', async () => {
  const security = await TransportSecuritySource.open(connectionTo([]), quietLogger);
  const members = ['m0', 'm1', 'm2'].map(
    (host) => new MemberClient({ url: host, host, port: 2379, secure: false }, { security, clock: systemClock }),
  );
  using pool = new MemberPool(members, { login: new Login(undefined), loginTimeoutMs: 1_000, log: quietLogger });
  const { signal } = new AbortController();
  const call = { action: 'ask', signal, timeoutMs: 1_000 };
  const asked = (): Promise<string> => pool.once(call, async ({ endpoint }) => endpoint.host);
  assert.equal(await asked(), 'm0');
  for (const place of [1, 0]) {
    pool.passOver(members[place] ?? assert.fail(), new Error('no answer'));
  }
  assert.equal(await asked(), 'm2');
});
