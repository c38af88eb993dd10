import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../../src/kube/lease.ts';
import { memberLease } from '../../../../src/server/member/member-lease.ts';

const lease: Lease = {
  name: 'm1',
  resourceVersion: '7',
  holderIdentity: undefined,
  renewTime: undefined,
  annotations: {},
};

test('a lease remembers a member once it has a holder', async () => {
  const { signal } = new AbortController();
  const held = (found: Lease | undefined): Promise<boolean> =>
    memberLease({ get: () => Promise.resolve(found) }).hasHolder('m1', { signal });
  assert.equal(await held({ ...lease, holderIdentity: '1f:2e:Member' }), true);
  assert.equal(await held({ ...lease, holderIdentity: '' }), false);
  assert.equal(await held(lease), false);
  assert.equal(await held(undefined), false);
  const denied = memberLease({ get: () => Promise.reject(new Error('forbidden')) });
  await assert.rejects(denied.hasHolder('m1', { signal }), /forbidden/);
});
