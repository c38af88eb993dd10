import { after, before } from 'node:test';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { AbsBucket } from '../../src/snapstore/providers/abs/abs-bucket.ts';
import { eachAtOnce } from '../support/context/each-at-once.ts';
import { type Azurite, startAzurite } from '../support/servers/azurite.ts';
import { jsonEnvironment } from '../support/stores/json-environment.ts';
import { bucketSuite } from './bucket.suite.ts';
import { clock } from './cases/fault-rig.ts';
import { faultSuite } from './fault.suite.ts';

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(async () => {
  await azurite[Symbol.asyncDispose]();
});

bucketSuite({
  name: 'ABS on Azurite',
  manyObjects: 450,
  async open() {
    const container = await azurite.createContainer('conformance');
    const credentials = { storageAccount: azurite.account, storageKey: azurite.key, domain: 'unused.invalid' };
    return {
      bucket: new AbsBucket({
        container: container.containerName,
        credentials,
        endpoint: azurite.endpoint,
        clock: systemClock,
        pageSize: 200,
      }),
      release: () => Promise.resolve(),
      fill: (keys) => eachAtOnce(keys, 8, (key) => container.getBlockBlobClient(key).upload('x', 1)),
    };
  },
});

faultSuite({
  name: 'ABS on Azurite',
  half: 0,
  async open() {
    const container = 'faults';
    await azurite.createContainer(container);
    const credentials = { storageAccount: azurite.account, storageKey: azurite.key };
    const environment = jsonEnvironment('AZURE', credentials);
    const address = (endpoint: string): string => `${endpoint}/${azurite.account}`;
    return {
      part: /^PUT blockid comp/,
      target: `http://127.0.0.1:${azurite.port}`,
      bucket: async (endpoint, timeouts) =>
        new AbsBucket({
          container,
          credentials: { ...credentials, domain: 'unused.invalid' },
          endpoint: address(endpoint),
          clock,
          timeouts,
        }),
      process: async (endpoint) => ({
        config: { provider: 'ABS', container, endpointOverride: address(endpoint) },
        environment: environment.variables,
      }),
      release: async () => {
        environment[Symbol.dispose]();
      },
    };
  },
});
