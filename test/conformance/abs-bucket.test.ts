import { systemClock } from '../../src/runtime/system-clock.ts';
import { AbsBucket } from '../../src/snapstore/providers/abs/abs-bucket.ts';
import { startAzurite } from '../support/azurite.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'ABS on Azurite',
  async open() {
    const azurite = await startAzurite();
    const container = await azurite.createContainer('conformance');
    const credentials = { storageAccount: azurite.account, storageKey: azurite.key, domain: 'unused.invalid' };
    return {
      bucket: new AbsBucket({
        container: container.containerName,
        credentials,
        endpoint: azurite.endpoint,
        clock: systemClock,
      }),
      release: async () => await azurite[Symbol.asyncDispose](),
      fill: async (keys) => {
        const queue = [...keys];
        const worker = async (): Promise<void> => {
          for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
            await container.getBlockBlobClient(key).upload('x', 1);
          }
        };
        await Promise.all(Array.from({ length: 8 }, worker));
      },
    };
  },
});
