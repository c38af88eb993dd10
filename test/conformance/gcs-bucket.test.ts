import { systemClock } from '../../src/runtime/system-clock.ts';
import { GcsBucket } from '../../src/snapstore/providers/gcs/gcs-bucket.ts';
import { anonymous } from '../../src/snapstore/providers/gcs/google-authorizer.ts';
import { startGcsServer } from '../support/servers/gcs-server.ts';
import { bucketSuite } from './bucket.suite.ts';
import { clock } from './cases/fault-rig.ts';
import { loopbackSubject } from './cases/loopback-subject.ts';
import { faultSuite } from './fault.suite.ts';

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
    return loopbackSubject(bucket, server);
  },
});

faultSuite({
  name: 'GCS on a loopback server',
  async open() {
    const server = await startGcsServer({ auth: 'none' });
    const { bucket: container } = server;
    return {
      part: /^POST .*uploadType/,
      download: /^GET .*alt/,
      target: server.endpoint,
      bucket: async (endpoint, timeouts) =>
        new GcsBucket({ container, authorizer: anonymous, endpoint, clock, timeouts }),
      process: async (endpoint) => ({
        config: { provider: 'GCS', container, endpointOverride: endpoint },
        environment: {},
      }),
      release: async () => await server[Symbol.asyncDispose](),
    };
  },
});
