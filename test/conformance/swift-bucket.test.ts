// Takes long: an OpenStack Swift, which is slow.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { SwiftBucket } from '../../src/snapstore/providers/swift/swift-bucket.ts';
import { startInProcess } from '../support/cli/run-in-process.ts';
import { eachAtOnce } from '../support/context/each-at-once.ts';
import { type Swift, startSwift } from '../support/servers/openstack/swift.ts';
import { jsonEnvironment } from '../support/stores/json-environment.ts';
import { bucketSuite } from './bucket.suite.ts';
import { clock } from './cases/fault-rig.ts';
import { faultSuite } from './fault.suite.ts';

let swift: Swift;
before(async () => {
  // Small pages for a few objects; the server's own of 10,000 where a run asks for more objects than that.
  swift = await startSwift(process.env['STORE_OBJECTS'] === undefined ? { listingLimit: 40 } : {});
});
after(async () => {
  await swift[Symbol.asyncDispose]();
});

bucketSuite({
  name: 'Swift, on OpenStack Swift and Keystone',
  listsParts: true,
  manyObjects: 90,
  async open() {
    const { tenant, region, keystone } = swift;
    const credentials = { authURL: keystone.url, region, identity: { kind: 'password', ...tenant } } as const;
    await swift.request('PUT', '/conformance');
    return {
      bucket: new SwiftBucket({ container: 'conformance', credentials, clock: systemClock }),
      release: () => Promise.resolve(),
      fill: (keys) =>
        eachAtOnce(keys, 8, async (key) => {
          const response = await swift.request('PUT', `/conformance/${key}`, { body: 'x' });
          await response.arrayBuffer();
        }),
    };
  },
});

faultSuite({
  name: 'Swift, on OpenStack Swift and Keystone',
  half: 0,
  async open() {
    const { tenant, keystone } = swift;
    const container = 'faults';
    await swift.request('PUT', `/${container}`);
    const environments: Disposable[] = [];
    // The catalogue says where Swift is, so each proxy is a region of its own.
    let regions = 0;
    const regionAt = async (endpoint: string): Promise<string> => {
      regions += 1;
      const region = `region-${regions}`;
      await swift.addRegion(region, endpoint);
      return region;
    };
    return {
      part: /^PUT/,
      target: swift.url,
      bucket: async (endpoint, timeouts) => {
        const region = await regionAt(endpoint);
        const credentials = { authURL: keystone.url, region, identity: { kind: 'password', ...tenant } } as const;
        return new SwiftBucket({ container, credentials, clock, timeouts });
      },
      process: async (endpoint) => {
        const { domainName, tenantName, username, password } = tenant;
        const region = await regionAt(endpoint);
        const fields = { authURL: keystone.url, region, domainName, tenantName, username, password };
        const environment = jsonEnvironment('OPENSTACK', fields);
        environments.push(environment);
        return {
          config: { provider: 'Swift', container, endpointOverride: undefined },
          environment: environment.variables,
        };
      },
      release: async () => {
        for (const environment of environments) {
          environment[Symbol.dispose]();
        }
      },
    };
  },
});

describe('the access lists of docs/providers/swift.md, on OpenStack Swift', () => {
  /** Runs `check-store` as a user of the project who may do nothing by its role, with these lists on the container. */
  async function check(name: string, lists: (user: string) => Readonly<Record<string, string>>) {
    const { tenant, keystone, region } = swift;
    const { userId, username, password } = await keystone.addReader(tenant, name);
    const headers = lists(`${tenant.projectId}:${userId}`);
    await (await swift.request('PUT', `/${name}`, { headers })).arrayBuffer();
    const { domainName, tenantName } = tenant;
    const fields = { authURL: keystone.url, region, domainName, tenantName, username, password };
    using credentials = jsonEnvironment('OPENSTACK', fields);
    const store = ['--storage-provider=Swift', `--store-container=${name}`, '--store-prefix=etcd-main'];
    return await startInProcess(['check-store', ...store], credentials.variables).ended;
  }

  it('let a backup do all that it needs', async () => {
    const { exitCode, stdout, stderr } = await check('both', (user) => ({
      'x-container-write': user,
      'x-container-read': `${user},.rlistings`,
    }));
    assert.equal(exitCode, 0, stdout + stderr);
  });

  it('let a reader read, and write nothing', async () => {
    const { exitCode, stderr } = await check('readers', (user) => ({ 'x-container-read': `${user},.rlistings` }));
    assert.equal(exitCode, 1);
    assert.match(stderr, /it is not possible to write/);
  });

  it('are needed: without them the user may do nothing', async () => {
    const { exitCode, stderr } = await check('neither', () => ({}));
    assert.equal(exitCode, 1);
    assert.match(stderr, /write and to list|it is not possible/);
  });
});
