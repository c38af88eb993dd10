import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { Storage } from '@google-cloud/storage';
import { startGcsServer } from '../../support/servers/gcs-server.ts';

// The SDK's own transport, its own checks and its own upload: what the adapter leaves out, the server has to get right as well.
test('the SDK as it comes is content with the server', async () => {
  await using server = await startGcsServer({ auth: 'none', pageSize: 2 });
  const storage = new Storage({ apiEndpoint: server.endpoint, projectId: 'test-project' });
  const bucket = storage.bucket(server.bucket);

  const body = randomBytes(700 * 1024);
  await bucket.file('simple').save(body, { resumable: false, validation: 'crc32c', metadata: { contentType: 'x/y' } });
  const resumable = bucket.file('resumable').createWriteStream({ chunkSize: 256 * 1024, validation: 'crc32c' });
  await pipeline(Readable.from([body]), resumable);
  assert.equal(server.calls.get('objects.resumable.write'), 3);
  assert.equal(server.resumable.size, 0);

  const [composed] = await bucket.combine([bucket.file('simple'), bucket.file('resumable')], bucket.file('composed'));
  const [metadata] = await composed.getMetadata();
  assert.equal(metadata.componentCount, 2);
  const [whole] = await composed.download({ validation: 'crc32c' });
  assert.deepEqual(whole, Buffer.concat([body, body]));
  const [piece] = await composed.download({ start: 10, end: 19 });
  assert.deepEqual(piece, body.subarray(10, 20));

  const [files] = await bucket.getFiles();
  assert.deepEqual(
    files.map(({ name }) => name),
    ['composed', 'resumable', 'simple'],
  );
  await assert.rejects(composed.delete({ ifGenerationMatch: 1 }), { code: 412 });
  await composed.delete();
  await assert.rejects(composed.getMetadata(), { code: 404 });
});

test('wrong bytes, too many components and requests of nobody are refused', async () => {
  await using server = await startGcsServer();
  const storage = new Storage({
    apiEndpoint: server.endpoint,
    projectId: 'test-project',
    retryOptions: { autoRetry: false },
  });
  await assert.rejects(storage.bucket(server.bucket).getFiles(), { code: 401 });

  assert.throws(() => server.space.put('key', Buffer.from('x'), { attributes: { crc32c: 'AAAAAA==' } }), {
    status: 400,
  });
  server.space.put('part', Buffer.from('x'));
  const parts = Array.from({ length: 33 }, () => ({ name: 'part' }));
  assert.throws(() => server.space.compose('key', parts, {}), { status: 400 });
  assert.equal(server.space.compose('key', parts.slice(1), {}).body.length, 32);
});

test('a line after the last boundary belongs to nothing', async () => {
  await using server = await startGcsServer({ auth: 'none' });
  const [attributes, body] = [JSON.stringify({ name: 'key' }), 'bytes\r\n'];
  const parts = [attributes, body].map((part) => `--limit\r\ncontent-type: x/y\r\n\r\n${part}\r\n`);
  const response = await fetch(
    `${server.endpoint}/upload/storage/v1/b/${server.bucket}/o?uploadType=multipart&name=key`,
    {
      method: 'POST',
      headers: { 'content-type': 'multipart/related; boundary=limit' },
      body: `${parts.join('')}--limit--\r\n`,
    },
  );
  assert.equal(response.status, 200, await response.text());
  assert.equal(server.space.get('key').body.toString(), body);
});
