import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { directNetwork } from '../../../../src/snapstore/http/store-network.ts';
import { gcsProvider } from '../../../../src/snapstore/providers/gcs/gcs-provider.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { startGcsServer } from '../../../support/servers/gcs-server.ts';

const signal = new AbortController().signal;

test('an http endpoint is an emulator, wherever it is given', async () => {
  await using dir = makeTempDir();
  await using server = await startGcsServer({ auth: 'none' });
  server.space.put('key', Buffer.from('x'));
  await writeFile(dir.join('gcs.json'), JSON.stringify(server.tokens.serviceAccount()));
  // The address of the JSON API, as the Go program is given it.
  await writeFile(dir.join('storageAPIEndpoint'), `${server.endpoint}/storage/v1/\n`);
  const place = { container: server.bucket, log: quietLogger, clock: systemClock, network: directNetwork } as const;
  for (const provider of [
    gcsProvider({ ...place, role: 'source', endpointOverride: server.endpoint, environment: {} }),
    gcsProvider({
      ...place,
      role: 'secondary',
      endpointOverride: undefined,
      environment: { SECONDARY_GOOGLE_APPLICATION_CREDENTIALS: dir.join('gcs.json') },
    }),
  ]) {
    const { bucket, state } = await provider.open();
    await using _ = bucket;
    assert.equal(state, await provider.state());
    const keys = await Array.fromAsync(bucket.list('', { signal }), ({ key }) => key);
    assert.deepEqual(keys, ['key']);
  }
  assert.equal(server.calls.get('token'), undefined);
});

test('the variables of a copy source must be set, and an endpoint must be a URL', async () => {
  await using dir = makeTempDir();
  const place = {
    container: 'backups',
    log: quietLogger,
    clock: systemClock,
    network: directNetwork,
    environment: {},
  } as const;
  assert.throws(() => gcsProvider({ ...place, role: 'source', endpointOverride: undefined }), {
    code: 'credentials_absent',
    message: /SOURCE_GOOGLE_APPLICATION_CREDENTIALS/,
  });
  assert.throws(() => gcsProvider({ ...place, role: 'primary', endpointOverride: 'storage.example' }), {
    code: 'endpoint_invalid',
  });
  await using server = await startGcsServer();
  await writeFile(dir.join('gcs.json'), JSON.stringify(server.tokens.serviceAccount()));
  await writeFile(dir.join('storageAPIEndpoint'), 'storage.example');
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: dir.join('gcs.json') };
  await assert.rejects(gcsProvider({ ...place, role: 'primary', endpointOverride: undefined, environment }).open(), {
    code: 'endpoint_invalid',
    message: /storageAPIEndpoint/,
  });
});
