import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { directNetwork } from '../../../../src/snapstore/http/store-network.ts';
import { ossProvider } from '../../../../src/snapstore/providers/oss/oss-provider.ts';
import { quietLogger } from '../../../support/context/quiet-logger.ts';
import { startOssServer } from '../../../support/servers/oss-server.ts';

const signal = new AbortController().signal;

test('a bucket is opened with the credentials of its role, and again when they were rotated', async () => {
  await using dir = makeTempDir();
  await using server = await startOssServer();
  server.space.put('key', Buffer.from('x'));
  const file = dir.join('oss.json');
  const write = async (secret: string, seconds: number): Promise<void> => {
    const { accessKeyID, region } = server.keys;
    const storageEndpoint = server.endpoint;
    await writeFile(file, JSON.stringify({ storageEndpoint, accessKeyID, region, accessKeySecret: secret }));
    await utimes(file, seconds, seconds);
  };
  const provider = ossProvider({
    role: 'source',
    container: server.bucket,
    endpointOverride: undefined,
    environment: { SOURCE_ALICLOUD_APPLICATION_CREDENTIALS_JSON: file },
    log: quietLogger,
    clock: systemClock,
    network: directNetwork,
  });

  await write('an old secret', 1000);
  const old = await provider.open();
  assert.equal(await provider.state(), old.state);
  await assert.rejects(Array.fromAsync(old.bucket.list('', { signal })), { kind: 'denied' });

  await write(server.keys.accessKeySecret, 2000);
  assert.notEqual(await provider.state(), old.state);
  const { bucket } = await provider.open();
  assert.deepEqual(
    (await Array.fromAsync(bucket.list('', { signal }))).map(({ key }) => key),
    ['key'],
  );
  await old.bucket[Symbol.asyncDispose]();
  await bucket[Symbol.asyncDispose]();
});

test('an override wins over the endpoint of the credentials, and must be a URL', async () => {
  await using dir = makeTempDir();
  const file = dir.join('oss.json');
  const keys = { accessKeyID: 'id', accessKeySecret: 'secret' };
  const place = {
    role: 'primary',
    container: 'backups',
    environment: { ALICLOUD_APPLICATION_CREDENTIALS: file },
    log: quietLogger,
    clock: systemClock,
    network: directNetwork,
  } as const;
  await writeFile(file, JSON.stringify({ ...keys, storageEndpoint: 'ftp://wrong' }));
  const { bucket } = await ossProvider({ ...place, endpointOverride: 'http://127.0.0.1:9' }).open();
  await bucket[Symbol.asyncDispose]();
  await assert.rejects(ossProvider({ ...place, endpointOverride: undefined }).open(), {
    code: 'endpoint_invalid',
    message: /field "storageEndpoint"/,
  });
  assert.throws(() => ossProvider({ ...place, endpointOverride: '127.0.0.1:9' }), { code: 'endpoint_invalid' });

  await writeFile(file, JSON.stringify({ ...keys, storageEndpoint: 'oss-cn-hangzhou.aliyuncs.com' }));
  const named = await ossProvider({ ...place, endpointOverride: undefined }).open();
  assert.equal(named.bucket.location, 'oss://backups');
  await named.bucket[Symbol.asyncDispose]();
});
