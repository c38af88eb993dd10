import { systemClock } from '../../src/runtime/system-clock.ts';
import { OssBucket } from '../../src/snapstore/providers/oss/oss-bucket.ts';
import { startOssServer } from '../support/servers/oss-server.ts';
import { jsonEnvironment } from '../support/stores/json-environment.ts';
import { bucketSuite } from './bucket.suite.ts';
import { clock } from './cases/fault-rig.ts';
import { loopbackSubject } from './cases/loopback-subject.ts';
import { faultSuite } from './fault.suite.ts';

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
    return loopbackSubject(bucket, server);
  },
});

faultSuite({
  name: 'OSS on a loopback server',
  async open() {
    const server = await startOssServer();
    const { bucket: container } = server;
    const credentials = { storageEndpoint: 'unused.invalid', ...server.keys };
    const environment = jsonEnvironment('ALICLOUD', credentials);
    return {
      part: /^PUT partNumber/,
      target: server.endpoint,
      bucket: async (endpoint, timeouts) => new OssBucket({ container, credentials, endpoint, clock, timeouts }),
      process: async (endpoint) => ({
        config: { provider: 'OSS', container, endpointOverride: endpoint },
        environment: environment.variables,
      }),
      hidden: async (prefix) =>
        [...server.space.uploads.values()]
          .filter(({ key, parts }) => key.startsWith(prefix) && parts.size > 0)
          .map(({ key }) => key),
      release: async () => {
        environment[Symbol.dispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  },
});
