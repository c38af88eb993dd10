import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lease } from '../../../src/kube/lease.ts';
import { deltaLeasePatch, fullLeasePatch, memberLeasePatch } from '../../../src/kube/lease-patches.ts';
import { revision } from '../../../src/revision.ts';

const now = Date.parse('2026-07-24T10:00:00.123Z');
const renewTime = '2026-07-24T10:00:00.123000Z';

function lease(holderIdentity?: string, annotations: Readonly<Record<string, string>> = {}): Lease {
  return { name: 'etcd-main-0', resourceVersion: '7', holderIdentity, renewTime: undefined, annotations };
}

describe('the patch of a member lease', () => {
  const news = { memberId: 0x1fn, clusterId: 0xabcn, role: 'Leader', peers: 'plain', now } as const;
  const tls = 'member.etcd.gardener.cloud/tls-enabled';

  it('sets everything on a lease that says nothing yet', () => {
    assert.deepEqual(memberLeasePatch(lease(), news), {
      metadata: { annotations: { [tls]: 'false' } },
      spec: { holderIdentity: '1f:abc:Leader', renewTime },
    });
  });

  it('holds the time alone when nothing else changes', () => {
    assert.deepEqual(memberLeasePatch(lease('1f:abc:Leader', { [tls]: 'false' }), news), { spec: { renewTime } });
  });

  it('tells a change of the role and of TLS', () => {
    const changed = memberLeasePatch(lease('1f:abc:Leader', { [tls]: 'false' }), {
      ...news,
      role: 'Member',
      peers: 'TLS',
    });
    assert.deepEqual(changed, {
      metadata: { annotations: { [tls]: 'true' } },
      spec: { holderIdentity: '1f:abc:Member', renewTime },
    });
  });
});

describe('the patch of the lease of fulls', () => {
  const full = { lastRevision: revision(58), createdOn: now / 1_000 - 0.123 };
  const taken = '2026-07-24T10:00:00.000000Z';

  for (const [held, spec] of [
    [undefined, { holderIdentity: '58', renewTime: taken }],
    ['', { holderIdentity: '58', renewTime: taken }],
    ['0', { holderIdentity: '58', renewTime: taken }],
    ['57', { holderIdentity: '58', renewTime: taken }],
    ['58', { renewTime: taken }],
  ] as const) {
    it(`of ${held === undefined ? 'none' : JSON.stringify(held)} is bound to its version`, () => {
      assert.deepEqual(fullLeasePatch(lease(held), full), { metadata: { resourceVersion: '7' }, spec });
    });
  }

  it('does not lower a revision, nor touch the time', () => {
    assert.equal(fullLeasePatch(lease('59'), full), undefined);
    assert.equal(fullLeasePatch(lease('9223372036854775807'), full), undefined);
  });

  it('refuses a holder that is no revision', () => {
    for (const holder of ['etcd-main-0', '-1', '5.8', ' 58', '1e3', '99999999999999999999']) {
      assert.throws(() => fullLeasePatch(lease(holder), full), { code: 'lease_holder' });
      assert.throws(() => deltaLeasePatch(lease(holder), { lastRevision: undefined, now }), { code: 'lease_holder' });
    }
  });
});

describe('the patch of the lease of deltas', () => {
  for (const [held, last, spec] of [
    [undefined, undefined, { holderIdentity: '0', renewTime }],
    [undefined, 70, { holderIdentity: '70', renewTime }],
    ['0', undefined, { renewTime }],
    ['60', 70, { holderIdentity: '70', renewTime }],
    ['70', 70, { renewTime }],
    ['80', 70, { renewTime }],
    ['80', undefined, { renewTime }],
  ] as const) {
    it(`of ${held ?? 'none'} with ${last ?? 'no delta'}`, () => {
      const lastRevision = last === undefined ? undefined : revision(last);
      assert.deepEqual(deltaLeasePatch(lease(held), { lastRevision, now }), { spec });
    });
  }
});
