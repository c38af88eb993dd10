import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { planPrune } from '../../../src/operations/prune/plan-prune.ts';
import { carryOut } from '../../../src/operations/prune/prune.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { AbsBucket } from '../../../src/snapstore/providers/abs/abs-bucket.ts';
import { GcsBucket } from '../../../src/snapstore/providers/gcs/gcs-bucket.ts';
import { OssBucket } from '../../../src/snapstore/providers/oss/oss-bucket.ts';
import { compatibleService } from '../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { jumpingClock } from '../../support/clock/jumping-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';
import { playAnswers } from '../../support/servers/answer-script.ts';
import { startAzurite } from '../../support/servers/azurite.ts';
import { type FaultProxy, startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { startGcsServer } from '../../support/servers/gcs-server.ts';
import { startOssServer } from '../../support/servers/oss-server.ts';
import { startS3Server } from '../../support/servers/s3-server.ts';
import { uploadInParts } from '../../support/stores/bucket-calls.ts';
import { startScriptedSwift } from '../../support/stores/scripted-swift.ts';

const { signal } = new AbortController();
const names = [
  'Full-00000000-00000001-1795000000',
  'Incr-00000002-00000003-1795000001',
  'Full-00000000-00000004-1795000002',
];
const byMethod = { nameOf: (method: string) => method };

/** A bucket, and a way to have it answer deletions with success from now on without doing them. */
interface Subject extends AsyncDisposable {
  readonly bucket: Bucket;
  put(key: string, body: Buffer): Promise<unknown>;
  ignoreDeletions(): void;
}

/** A bucket behind a proxy that answers deletions itself. */
function behind(proxy: FaultProxy, bucket: Bucket, parts: readonly AsyncDisposable[], status: number): Subject {
  return {
    bucket,
    put: (key, body) => uploadInParts(bucket, key, body, 5 * 1024 * 1024),
    ignoreDeletions: () => proxy.fault(playAnswers({ DELETE: { status, headers: { 'x-oss-request-id': '1' } } })),
    [Symbol.asyncDispose]: async () => {
      for (const part of [bucket, proxy, ...parts]) {
        await part[Symbol.asyncDispose]();
      }
    },
  };
}

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  S3: async () => {
    const server = await startS3Server();
    const proxy = await startFaultProxy(server.endpoint, byMethod);
    const keys = { region: 'test', accessKeyID: 'AK', secretAccessKey: 'SK', origin: 'the test' };
    const settings = compatibleService({ ...keys, bucket: server.bucket, endpoint: proxy.endpoint });
    return behind(proxy, new S3Bucket(settings, { clock: jumpingClock() }), [server], 204);
  },
  GCS: async () => {
    const server = await startGcsServer();
    const proxy = await startFaultProxy(server.endpoint, byMethod);
    const token = server.tokens.issue();
    const authorizer = { headers: async () => ({ authorization: `Bearer ${token}` }), renew: () => undefined };
    const place = { container: server.bucket, endpoint: proxy.endpoint, clock: jumpingClock() };
    return behind(proxy, new GcsBucket({ ...place, authorizer }), [server], 204);
  },
  OSS: async () => {
    const server = await startOssServer();
    const proxy = await startFaultProxy(server.endpoint, byMethod);
    const credentials = { storageEndpoint: 'unused.invalid', ...server.keys };
    const place = { container: server.bucket, endpoint: proxy.endpoint, clock: jumpingClock() };
    return behind(proxy, new OssBucket({ ...place, credentials }), [server], 204);
  },
  ABS: async () => {
    const azurite = await startAzurite();
    await azurite.createContainer('backups');
    const proxy = await startFaultProxy(`http://127.0.0.1:${azurite.port}`, byMethod);
    const credentials = { storageAccount: azurite.account, storageKey: azurite.key, domain: 'unused.invalid' };
    const endpoint = `${proxy.endpoint}/${azurite.account}`;
    const bucket = new AbsBucket({ container: 'backups', credentials, endpoint, clock: jumpingClock() });
    return behind(proxy, bucket, [azurite], 202);
  },
  Swift: async () => {
    const swift = await startScriptedSwift({ delete: { status: 204, headers: { 'x-trans-id': 'tx1' } } });
    return {
      bucket: swift.bucket,
      put: async (key, body) => void swift.objects.set(key, body),
      ignoreDeletions: () => undefined,
      [Symbol.asyncDispose]: () => swift[Symbol.asyncDispose](),
    };
  },
};

describe('deletions that are answered with success and do nothing', () => {
  for (const [provider, open] of Object.entries(subjects)) {
    it(`count as failed, are warned of, and leave the full that is needed: ${provider}`, async () => {
      await using subject = await open();
      const { bucket } = subject;
      for (const name of names) {
        const content = Buffer.alloc(40_000, name);
        const body = Buffer.concat([content, createHash('sha256').update(content).digest()]);
        await subject.put(`main/v2/${name}`, body);
      }
      subject.ignoreDeletions();
      const log = new RecordedLog();
      const context = { signal, clock: new FakeClock('2026-11-21T12:30:00Z'), log, progress: silentProgress };
      const upload = { parallel: 1, minChunkSize: 5 * 1024 * 1024, clock: context.clock, log };
      const store = new BackupStore({ bucket, prefix: 'main', upload, log });
      const rules = { policy: { kind: 'LimitBased', maxBackups: 1 }, deltaRetentionMs: 0, leftHistoryMs: 0 } as const;
      const { decisions } = await planPrune({ store, rules, proof: 'names' }, context);
      const results = await carryOut(decisions, { store }, context);
      // GCS leaves the parts of an upload as objects of their own.
      const whole = results.filter(({ snapshot }) => snapshot.chunk === undefined);
      assert.deepEqual(
        whole.map(({ outcome }) => outcome),
        ['postponed', 'failed', 'kept'],
      );
      assert.match(
        String(whole[1]?.error),
        /cannot delete main\/v2\/Incr-.*: the store answered that it is deleted, and it is still there; look for a lock/,
      );
      assert.equal(log.count(/deleted old snapshot/), 0);
      assert.equal((await store.list({ signal })).snapshots.length, results.length);
    });
  }
});
