import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../src/operations/compact/compact.ts';
import { copyBackups } from '../../../src/operations/copy/copy.ts';
import { verifyFleet } from '../../../src/operations/fleet/verify-fleet.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { verifyBackups } from '../../../src/operations/verify/verify.ts';
import type { Clock } from '../../../src/runtime/clock.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import type { RequestTimeouts } from '../../../src/snapstore/http/store-requests.ts';
import { compatibleService } from '../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import { requestRetries, shortRetries } from '../../../src/snapstore/retry-transient.ts';
import { type RecordedContext, recordedContext } from '../../support/context/run-context.ts';
import { request } from '../../support/fixtures/fleet.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';
import type { FaultHook } from '../../support/servers/http-fault.ts';
import { type S3Server, startS3Server } from '../../support/servers/s3-server.ts';
import { memoryBucket } from '../../support/stores/memory-bucket.ts';

/** All times are a hundred and fiftieth of those that a real store gets; a listing may take longer. */
const timeouts: RequestTimeouts = {
  requestMs: 400,
  partMs: 400,
  stallMs: 400,
  retries: requestRetries,
  openRetries: { ...shortRetries, triesMs: 200 },
  silence: { reads: { afterMs: 2_000, thenMs: 70 }, parts: { afterMs: 2_000, thenMs: 70 } },
};
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal) };

/** How often one object is asked for before its store counts as silent, and how many others are asked for then. */
const mostTries = 5;
const mostShort = 2;

/** A full of another history each, so that each is a chain of its own. */
function fulls(count: number): readonly { readonly key: string; readonly bytes: Buffer }[] {
  return Array.from({ length: count }, (_, at) => {
    const content = Buffer.alloc(1_000, at);
    const bytes = Buffer.concat([content, createHash('sha256').update(content).digest()]);
    return { key: `v2/Full-00000000-${String(10 + at).padStart(8, '0')}-${1_795_000_000 + at}`, bytes };
  });
}

interface Silent extends AsyncDisposable {
  readonly store: BackupStore;
  readonly bucket: S3Bucket;
  readonly server: S3Server;
  readonly dir: TempDir;
  readonly context: RecordedContext;
  readonly upload: ConstructorParameters<typeof BackupStore>[0]['upload'];
}

/** A store that has these objects and does to requests what `hook` says. */
async function startStore(
  objects: readonly { readonly key: string; readonly bytes: Uint8Array }[],
  hook: FaultHook,
  prefixes: readonly string[] = ['etcd-main'],
): Promise<Silent> {
  const server = await startS3Server();
  for (const prefix of prefixes) {
    for (const { key, bytes } of objects) {
      const place = `${prefix}/${key}`;
      server.objects.set(place, { size: bytes.length, bytes: Buffer.from(bytes), modifiedAt: Date.now() });
    }
  }
  server.fault(hook);
  const context = { ...recordedContext(), clock };
  const keys = { region: 'r', accessKeyID: 'key', secretAccessKey: 'secret' };
  const place = { ...keys, bucket: server.bucket, endpoint: server.endpoint, origin: 'the test' };
  const bucket = new S3Bucket(compatibleService(place), { clock, timeouts });
  const upload = { parallel: 3, minChunkSize: 5 * 1024 * 1024, clock, log: context.log };
  const dir = makeTempDir();
  return {
    store: new BackupStore({ bucket, prefix: 'etcd-main', upload, log: context.log }),
    bucket,
    server,
    dir,
    context,
    upload,
    [Symbol.asyncDispose]: async () => {
      dir[Symbol.dispose]();
      await bucket[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const golden = goldenObjects('etcd-3.5/gzip');

/** What a store does to a read, in whichever way it is silent. */
const silences: Readonly<Record<string, FaultHook>> = {
  'never answers a read': ({ operation }) => (operation === 'GetObject' ? { kind: 'stall' } : undefined),
  'sends the beginning of each object and no more': ({ operation }) =>
    operation === 'GetObject' ? { kind: 'truncate', after: 10, ending: 'stall' } : undefined,
};

const verification = { level: 'restore', sample: undefined, history: undefined } as const;

for (const [title, hook] of Object.entries(silences)) {
  describe(`a store that lists well and ${title}`, { concurrency: 4 }, () => {
    const gets = ({ server }: Silent): number => server.calls.get('GetObject') ?? 0;

    it('is waited for once by verify, not once for each object', async () => {
      await using silent = await startStore([...golden, ...fulls(20)], hook);
      const { store, dir, context } = silent;
      const verified = { ...verification, store, tempDir: dir.path, maxFetchers: 1 };
      await assert.rejects(verifyBackups(verified, context), {
        code: 'store_transient',
        message: /the store has answered no read for 1 minute; check the store/,
      });
      assert.ok(gets(silent) <= mostTries + mostShort, `${gets(silent)} reads`);
    });

    it('is waited for once by restore and compact', async () => {
      await using silent = await startStore(golden, hook);
      const { store, dir, context } = silent;
      await assert.rejects(restore(restoreRequest(dir, { store }), context), { code: 'store_transient' });
      const first = gets(silent);
      // The full and some deltas are on their way at once.
      assert.ok(first <= 4 * mostTries + mostShort, `${first} reads`);
      const compaction = { store, tempDir: dir.path, maxFetchers: 1, quotaBytes: undefined } as const;
      await assert.rejects(compactBackup({ ...compaction, skipHashCheck: false, saveTimeoutMs: 60_000 }, context), {
        code: 'store_transient',
      });
      assert.ok(gets(silent) - first <= mostTries + mostShort, `${gets(silent) - first} reads`);
    });

    it('is waited for once by copy, however many chains there are', async () => {
      await using silent = await startStore(fulls(60), hook);
      const { store, context, upload } = silent;
      const target = new BackupStore({ bucket: memoryBucket(), prefix: 'etcd-main', upload, log: context.log });
      const limits = { maxBackups: undefined, maxBackupAgeDays: undefined };
      const copying = { source: store, target, ...limits, maxParallel: 2 };
      await assert.rejects(copyBackups(copying, context), { code: 'copy_incomplete' });
      assert.ok(gets(silent) <= 2 * (mostTries + mostShort), `${gets(silent)} reads`);
    });

    it('is waited for once by fleet verify, however many clusters there are', async () => {
      const clusters = Array.from({ length: 12 }, (_, at) => `cluster-${at}`);
      await using silent = await startStore(golden, hook, clusters);
      const { bucket, upload, dir, context } = silent;
      const how = { ...verification, maxFetchers: 1, atOnce: 2, run: 'run', record: false, identities: undefined };
      const fleet = { ...request(bucket), store: { bucket, upload }, ...how, tempDir: dir.path };
      await assert.rejects(verifyFleet(fleet, context), { code: 'store_transient' });
      assert.ok(gets(silent) <= 2 * (mostTries + mostShort), `${gets(silent)} reads`);
    });
  });
}

describe('a store of which one object never comes', () => {
  it('gives the others, and verify says of which it knows nothing', async () => {
    const [first] = golden.filter(({ key }) => key.includes('Full-'));
    const [other] = fulls(1);
    const lost = other ?? assert.fail();
    const hook: FaultHook = ({ operation, key }) =>
      operation === 'GetObject' && key.endsWith(lost.key) ? { kind: 'stall' } : undefined;
    await using silent = await startStore([...golden, lost], hook);
    const { store, dir, context } = silent;
    assert.ok(first);
    const verified = { ...verification, store, tempDir: dir.path, maxFetchers: 1 };
    const { findings, provable } = await verifyBackups(verified, context);
    assert.equal(provable?.revision, 122);
    assert.deepEqual(
      findings.filter(({ weight }) => weight === 'problem').map(({ snapshot }) => snapshot),
      [lost.key.slice('v2/'.length)],
    );
  });
});

describe('a store that takes no part of an upload', () => {
  it('is waited for once by copy, however many chains there are', async () => {
    await using silent = await startStore([], ({ operation }) =>
      operation === 'UploadPart' ? { kind: 'stall' } : undefined,
    );
    const { store, context, upload, server } = silent;
    const bucket = memoryBucket();
    for (const { key, bytes } of fulls(40)) {
      const place = `etcd-main/${key}`;
      bucket.objects.set(place, { bytes, entry: { key: place, size: bytes.length, modifiedAt: 0 } });
    }
    const source = new BackupStore({ bucket, prefix: 'etcd-main', upload, log: context.log });
    const limits = { maxBackups: undefined, maxBackupAgeDays: undefined };
    await assert.rejects(copyBackups({ source, target: store, ...limits, maxParallel: 2 }, context), {
      code: 'copy_incomplete',
    });
    const parts = server.calls.get('UploadPart') ?? 0;
    assert.ok(parts <= 2 * (mostTries + mostShort), `${parts} parts`);
  });
});
