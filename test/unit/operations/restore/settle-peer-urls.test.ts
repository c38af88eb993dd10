import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MembershipPlan, planMembership } from '../../../../src/datadir/membership/bootstrap.ts';
import { parseInitialCluster } from '../../../../src/datadir/membership/initial-cluster.ts';
import { parsePeerUrl } from '../../../../src/datadir/membership/peer-url.ts';
import { type LookUp, settlePeerUrls } from '../../../../src/operations/restore/settle-peer-urls.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'etcd-0': ['10.0.0.1'],
  'etcd-1': ['10.0.0.2'],
  localhost: ['127.0.0.1'],
  both: ['10.0.0.1', '::5'],
  '10.0.0.1': ['10.0.0.1'],
  '127.0.0.1': ['127.0.0.1'],
};

const lookUp: LookUp = (host) => {
  const found = names[host];
  return found === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(found);
};

function plan(cluster: string, advertised: readonly string[]): MembershipPlan {
  return {
    name: 'a',
    initialCluster: parseInitialCluster(cluster),
    initialClusterToken: 't',
    initialAdvertisePeerUrls: advertised.map(parsePeerUrl),
  };
}

async function isTaken(cluster: string, advertised: readonly string[]): Promise<boolean> {
  const settled = await settlePeerUrls(plan(cluster, advertised), lookUp);
  try {
    planMembership(settled);
    return true;
  } catch {
    return false;
  }
}

describe('peer URLs of one member', () => {
  for (const [cluster, advertised] of [
    ['a=http://10.0.0.1:1', ['http://10.0.0.1:1']],
    ['a=http://[::1]:1', ['http://[0:0:0:0:0:0:0:1]:1']],
    ['a=http://ETCD-0:1', ['http://etcd-0:1']],
    ['a=http://etcd-0:1', ['http://10.0.0.1:1']],
    ['a=http://10.0.0.1:1', ['http://etcd-0:1']],
    ['a=http://both:1', ['http://etcd-0:1']],
    ['a=http://etcd-0:1,a=http://localhost:2', ['http://127.0.0.1:2', 'http://10.0.0.1:1']],
  ] as const) {
    it(`are the same: ${cluster} and ${advertised}`, async () => {
      assert.equal(await isTaken(cluster, advertised), true);
    });
  }

  for (const [cluster, advertised] of [
    ['a=http://10.0.0.1:1', ['http://10.0.0.2:1']],
    ['a=http://10.0.0.1:1', ['https://10.0.0.1:1']],
    ['a=http://10.0.0.1:1', ['http://10.0.0.1:2']],
    ['a=http://etcd-0:1', ['http://etcd-1:1']],
    ['a=http://etcd-0:1', ['http://unknown:1']],
    ['a=http://etcd-0:1', ['http://etcd-0:1', 'http://10.0.0.1:2']],
  ] as const) {
    it(`are different: ${cluster} and ${advertised}`, async () => {
      assert.equal(await isTaken(cluster, advertised), false);
    });
  }

  it('need no name to be looked up when the texts are the same', async () => {
    const same = plan('a=http://unknown:1', ['http://UNKNOWN:1']);
    assert.equal(await settlePeerUrls(same, () => assert.fail('looked up')), same);
  });

  it('make the ids that follow from --initial-cluster', async () => {
    const settled = await settlePeerUrls(plan('a=http://etcd-0:1', ['http://10.0.0.1:1']), lookUp);
    assert.deepEqual(settled.initialAdvertisePeerUrls, ['http://etcd-0:1']);
  });
});
