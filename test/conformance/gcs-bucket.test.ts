import { systemClock } from '../../src/runtime/system-clock.ts';
import { GcsBucket } from '../../src/snapstore/providers/gcs/gcs-bucket.ts';
import { startGcsServer } from '../support/gcs-server.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'GCS on a loopback server',
  listsParts: true,
  async open() {
    const server = await startGcsServer();
    const token = server.tokens.issue();
    const bucket = new GcsBucket({
      container: server.bucket,
      authorizer: { headers: async () => ({ authorization: `Bearer ${token}` }), renew() {} },
      endpoint: server.endpoint,
      clock: systemClock,
    });
    return {
      bucket,
      release: async () => await server[Symbol.asyncDispose](),
      fill: async (keys) => {
        for (const key of keys) {
          server.space.put(key, Buffer.from('x'));
        }
      },
    };
  },
});
