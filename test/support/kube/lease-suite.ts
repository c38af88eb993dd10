import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiServer } from '../../../src/kube/api-server.ts';
import type { Lease, LeasePatch } from '../../../src/kube/lease.ts';
import { deltaLeasePatch, fullLeasePatch, memberLeasePatch } from '../../../src/kube/lease-patches.ts';
import { Leases } from '../../../src/kube/leases.ts';
import { revision } from '../../../src/revision.ts';
import { recordedContext } from '../context/run-context.ts';

/** What the API server holds of a lease. */
export interface HeldLease {
  readonly version: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What an account may do with leases. */
export type LeaseVerb = 'get' | 'patch';

/** An API server with an account whose rights can be changed, and somebody else who may do everything. */
export interface LeaseStage {
  readonly namespace: string;
  /** As the account of a pod sees it, or with a token that nobody has issued. */
  asks(account: 'known' | 'unknown'): ApiServer;
  /** Resolves when this holds. */
  allow(verbs: readonly LeaseVerb[]): Promise<void>;
  /** As etcd-druid does. */
  create(name: string, spec?: Readonly<Record<string, unknown>>): Promise<void>;
  lease(name: string): Promise<HeldLease>;
  /** Somebody else writes the lease, which has another version then. */
  touch(name: string): Promise<void>;
}

const { signal } = new AbortController();
const now = Date.parse('2026-07-24T10:00:00.123Z');
const renewTime = '2026-07-24T10:00:00.123000Z';
const taken = '2026-07-24T10:00:00.000000Z';
const tls = 'member.etcd.gardener.cloud/tls-enabled';
const full = { lastRevision: revision(58), createdOn: now / 1_000 - 0.123 };

/** Each of the three leases: what it holds, what is to be said, and what it holds then. */
const golden: readonly (readonly [string, string | undefined, (lease: Lease) => LeasePatch | undefined, object])[] = [
  [
    'of a member',
    undefined,
    (lease) => memberLeasePatch(lease, { memberId: 0x1fn, clusterId: 0xabcn, role: 'Leader', peers: 'TLS', now }),
    { annotations: { [tls]: 'true' }, spec: { holderIdentity: '1f:abc:Leader', renewTime } },
  ],
  [
    'of a member that is one already',
    '1f:abc:Member',
    (lease) => memberLeasePatch(lease, { memberId: 0x1fn, clusterId: 0xabcn, role: 'Member', peers: 'plain', now }),
    { annotations: { [tls]: 'false' }, spec: { holderIdentity: '1f:abc:Member', renewTime } },
  ],
  ...([undefined, '0', '57', '58'] as const).map(
    (held) =>
      [
        `of fulls that holds ${held ?? 'nothing'}`,
        held,
        (lease: Lease) => fullLeasePatch(lease, full),
        { annotations: {}, spec: { holderIdentity: '58', renewTime: taken } },
      ] as const,
  ),
  [
    'of fulls that is ahead',
    '59',
    (lease) => fullLeasePatch(lease, full),
    { annotations: {}, spec: { holderIdentity: '59' } },
  ],
  ...(
    [
      [undefined, undefined, '0'],
      [undefined, 70, '70'],
      ['60', 70, '70'],
      ['80', 70, '80'],
      ['80', undefined, '80'],
    ] as const
  ).map(
    ([held, last, holderIdentity]) =>
      [
        `of deltas that holds ${held ?? 'nothing'}, with ${last ?? 'no delta'}`,
        held,
        (lease: Lease) =>
          deltaLeasePatch(lease, { lastRevision: last === undefined ? undefined : revision(last), now }),
        { annotations: {}, spec: { holderIdentity, renewTime } },
      ] as const,
  ),
];

/** What must hold of leases on every API server, the one of ours in the default tests and a real one. `begin` is called once a case. */
export function leaseSuite(title: string, begin: () => Promise<LeaseStage & AsyncDisposable>): void {
  describe(`leases of ${title}`, () => {
    for (const [which, holderIdentity, change, after] of golden) {
      it(`are written as etcd-druid reads them: that ${which}`, async () => {
        await using stage = await begin();
        const others = { leaseDurationSeconds: 40 };
        await stage.create('a', { ...others, ...(holderIdentity === undefined ? {} : { holderIdentity }) });
        const { leases } = leasesOf(stage);
        await leases.renew('a', change, { signal });
        const { annotations, spec } = await stage.lease('a');
        assert.deepEqual({ annotations, spec: { ...spec } }, addToSpec(after, others));
        assert.equal((await leases.get('a', { signal }))?.holderIdentity, spec['holderIdentity']);
      });
    }

    it('keep their version when there is nothing to change', async () => {
      await using stage = await begin();
      await stage.create('a');
      const before = await stage.lease('a');
      assert.equal(await leasesOf(stage).leases.renew('a', () => undefined, { signal }), 'left');
      assert.deepEqual(await stage.lease('a'), before);
    });

    it('keep what others have written into them meanwhile', async () => {
      await using stage = await begin();
      await stage.create('a', { holderIdentity: '5' });
      await stage.touch('a');
      const { leases } = leasesOf(stage);
      await leases.renew('a', () => ({ metadata: { annotations: { [tls]: 'true' } }, spec: { renewTime } }), {
        signal,
      });
      const { annotations, spec } = await stage.lease('a');
      assert.deepEqual(Object.keys(annotations).toSorted(), [tls, 'touched'].toSorted());
      assert.deepEqual(spec, { holderIdentity: '5', renewTime });
    });

    it('are read again after a conflict, up to four times', async () => {
      await using stage = await begin();
      await stage.create('a', { holderIdentity: '5' });
      let conflicts = 2;
      const { leases, sleeps } = leasesOf(stage, async () => {
        if (conflicts-- > 0) {
          await stage.touch('a');
        }
      });
      const bound = (lease: Lease): LeasePatch | undefined => fullLeasePatch(lease, full);
      assert.equal(await leases.renew('a', bound, { signal }), 'renewed');
      assert.deepEqual(sleeps, [10, 50]);
      assert.equal((await stage.lease('a')).spec['holderIdentity'], '58');
      conflicts = 9;
      await assert.rejects(leases.renew('a', bound, { signal }), { code: 'kube_conflict' });
    });

    it('that are missing, forbidden or asked for with an unknown token say so', async () => {
      await using stage = await begin();
      const { leases } = leasesOf(stage);
      const renewed = (): Promise<unknown> => leases.renew('a', () => ({ spec: { renewTime } }), { signal });
      assert.equal(await leases.get('a', { signal }), undefined);
      await assert.rejects(renewed(), { code: 'lease_missing' });
      await stage.create('a');
      await stage.allow(['get']);
      await assert.rejects(renewed(), { code: 'kube_denied', message: /HTTP 403/ });
      assert.equal((await leases.get('a', { signal }))?.name, 'a');
      await stage.allow([]);
      await assert.rejects(leases.get('a', { signal }), { code: 'kube_denied', message: /HTTP 403/ });
      await assert.rejects(leases.get('none', { signal }), { code: 'kube_denied' });
      const stranger = new Leases(
        { server: stage.asks('unknown'), namespace: stage.namespace },
        recordedContext().clock,
      );
      await assert.rejects(stranger.get('a', { signal }), { code: 'kube_denied', message: /HTTP 401/ });
      await stage.allow(['get', 'patch']);
      assert.equal(await renewed(), 'renewed');
    });

    it('are merged as RFC 7386 says, and refused where they are none', async () => {
      await using stage = await begin();
      await stage.create('a', { holderIdentity: '5', leaseDurationSeconds: 40 });
      const path = `/apis/coordination.k8s.io/v1/namespaces/${stage.namespace}/leases/a`;
      const patched = async (mergePatch: unknown): Promise<number> =>
        (await stage.asks('known').request({ method: 'PATCH', path, mergePatch, signal })).status;
      assert.equal(
        await patched({ metadata: { annotations: { a: '1', b: '2' } }, spec: { holderIdentity: null } }),
        200,
      );
      assert.equal(await patched({ metadata: { annotations: { a: null } }, spec: { renewTime } }), 200);
      const before = await stage.lease('a');
      assert.deepEqual(before.annotations, { b: '2' });
      assert.deepEqual(before.spec, { leaseDurationSeconds: 40, renewTime });
      assert.equal(await patched({ metadata: { resourceVersion: '1' }, spec: { holderIdentity: '6' } }), 409);
      for (const spec of [{ renewTime: 'yesterday' }, { renewTime: '2026-07-24' }, { holderIdentity: 5 }]) {
        const status = await patched({ spec });
        assert.ok(status === 400 || status === 422, `${JSON.stringify(spec)}: ${status}`);
      }
      assert.deepEqual(await stage.lease('a'), before);
    });
  });
}

/** `beforePatch` is awaited before each patch is sent. */
function leasesOf(stage: LeaseStage, beforePatch: () => Promise<void> = async () => undefined) {
  const { clock, sleeps } = recordedContext();
  const asked = stage.asks('known');
  const server: ApiServer = {
    location: asked.location,
    request: async (request) => {
      if (request.method === 'PATCH') {
        await beforePatch();
      }
      return await asked.request(request);
    },
    [Symbol.dispose]: () => undefined,
  };
  return { leases: new Leases({ server, namespace: stage.namespace }, clock), sleeps };
}

function addToSpec(held: object, more: object): object {
  const { spec, ...rest } = held as { readonly spec: object };
  return { ...rest, spec: { ...more, ...spec } };
}
