import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { openStore } from '../../../src/snapstore/registry.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { quietLogger } from '../../support/context/quiet-logger.ts';
import { collected, inPieces } from '../../support/fixtures/byte-streams.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';
import { startOssServer } from '../../support/servers/oss-server.ts';

const { signal } = new AbortController();

test('a secret that is rotated is picked up by the store that is open', async () => {
  await using server = await startOssServer();
  using dir = makeTempDir();
  let writes = 0;
  const write = (accessKeySecret: string): void => {
    const path = dir.join('accessKeySecret');
    writeFileSync(path, accessKeySecret);
    writes += 1;
    // Two writes may fall into one tick of the file system's clock.
    utimesSync(path, 1_700_000_000 + writes, 1_700_000_000 + writes);
  };
  writeFileSync(dir.join('storageEndpoint'), 'unused.invalid');
  writeFileSync(dir.join('accessKeyID'), server.keys.accessKeyID);
  utimesSync(dir.join('storageEndpoint'), 1_600_000_000, 1_600_000_000);
  utimesSync(dir.join('accessKeyID'), 1_600_000_000, 1_600_000_000);
  write('the old one, withdrawn');

  await using store = await openStore(
    {
      provider: 'OSS',
      container: server.bucket,
      prefix: 'etcd',
      endpointOverride: server.endpoint,
      maxParallelChunkUploads: 2,
      minChunkSize: 5 * 1024 * 1024,
      role: 'secondary',
    },
    { log: quietLogger, clock: systemClock, environment: { SECONDARY_ALICLOUD_APPLICATION_CREDENTIALS: dir.path } },
  );
  const isDenied = (error: unknown): boolean => error instanceof StoreError && error.kind === 'denied';
  await assert.rejects(store.list({ signal }), isDenied);

  write(server.keys.accessKeySecret);
  const body = Buffer.from('saved with the new one');
  const saved = await store.save(snapshotNamed('Full-0-58-1700000000'), inPieces(body, 5), {
    signal,
    sizeBound: body.length,
  });
  assert.ok(body.equals(await collected(await store.fetch(saved, { signal }))));

  write('withdrawn as well');
  await assert.rejects(store.delete(saved, { signal }), isDenied);
  assert.equal(server.space.objects.size, 1);
});
