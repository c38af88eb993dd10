import { systemClock } from '../../src/runtime/system-clock.ts';
import { OssBucket } from '../../src/snapstore/providers/oss/oss-bucket.ts';
import { startOssServer } from '../support/oss-server.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'OSS on a loopback server',
  async open() {
    const server = await startOssServer();
    const bucket = new OssBucket({
      container: server.bucket,
      credentials: { storageEndpoint: 'unused.invalid', ...server.keys },
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
