import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
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

it('a call without a token is made once more with one where authentication was switched on just before it', async () => {
  const security = await TransportSecuritySource.open(connectionTo([]), quietLogger);
  const member = new MemberClient(
    { url: 'm0', host: 'm0', port: 2379, secure: false },
    { security, clock: systemClock },
  );
  let isOn = false;
  mock.method(member, 'unary', async () => {
    if (isOn) {
      return { token: 'token.1' };
    }
    isOn = true;
    throw refusal(status.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled');
  });
  const login = new Login({ username: 'root', password: 'pw' });
  using pool = new MemberPool([member], { login, loginTimeoutMs: 1_000, log: quietLogger });
  const call = { action: 'ask', signal: new AbortController().signal, timeoutMs: 1_000 };
  const tokens: (string | undefined)[] = [];
  const answer = await pool.once(call, async (_, { token }) => {
    tokens.push(token);
    if (token === undefined) {
      throw refusal(status.INVALID_ARGUMENT, 'etcdserver: user name is empty');
    }
    return 'answer';
  });
  assert.equal(answer, 'answer');
  assert.deepEqual(tokens, [undefined, 'token.1']);
});

function refusal(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
