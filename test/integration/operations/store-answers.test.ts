import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../scripts/lab/temp-dir.ts';
import { compactBackup } from '../../../src/operations/compact/compact.ts';
import { saveCompanion } from '../../../src/operations/companion/companion.ts';
import { copyBackups } from '../../../src/operations/copy/copy.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { takeFullSnapshot } from '../../../src/operations/snapshot/take-once.ts';
import { verifyBackups } from '../../../src/operations/verify/verify.ts';
import { BackupStore } from '../../../src/snapstore/backups/backup-store.ts';
import { compatibleService } from '../../../src/snapstore/providers/s3/compatible-service.ts';
import { S3Bucket } from '../../../src/snapstore/providers/s3/s3-bucket.ts';
import { type RecordedContext, recordedContext } from '../../support/context/run-context.ts';
import { ScriptedCluster } from '../../support/etcd/scripted-cluster.ts';
import { goldenObjects } from '../../support/fixtures/golden-store.ts';
import { restoreRequest } from '../../support/fixtures/restore-request.ts';
import { playAnswers, type ScriptStep, xmlRefusal } from '../../support/servers/answer-script.ts';
import { type S3Server, startS3Server } from '../../support/servers/s3-server.ts';
import { memorySnapStore } from '../../support/stores/memory-snapstore.ts';

const keys = { region: 'r', accessKeyID: 'key', secretAccessKey: 'secret', insecureSkipVerify: false } as const;

/** A store over the server, whose waits take no time and are noted in the context. */
function storeOver(server: S3Server, context: RecordedContext): BackupStore {
  const place = { ...keys, bucket: server.bucket, endpoint: server.endpoint, origin: 'the test' };
  const bucket = new S3Bucket(compatibleService(place), { clock: context.clock });
  const upload = { parallel: 3, minChunkSize: 5 * 1024 * 1024, clock: context.clock, log: context.log };
  return new BackupStore({ bucket, prefix: 'etcd-main', upload, log: context.log });
}

function fill(server: S3Server): void {
  for (const { key, bytes } of goldenObjects('etcd-3.5/gzip')) {
    server.objects.set(`etcd-main/${key}`, { size: bytes.length, bytes, modifiedAt: Date.now() });
  }
}

/** What reads or writes a whole backup, by name. */
const operations: Readonly<
  Record<string, (work: { store: BackupStore; dir: TempDir; context: RecordedContext }) => Promise<unknown>>
> = {
  restore: ({ store, dir, context }) => restore(restoreRequest(dir, { store }), context),
  verify: async ({ store, dir, context }) => {
    const request = { store, level: 'restore', sample: undefined, tempDir: dir.path, maxFetchers: 2 } as const;
    const { findings, provable } = await verifyBackups(request, context);
    assert.deepEqual(findings, []);
    assert.equal(provable?.revision, 122);
  },
  compact: ({ store, dir, context }) =>
    compactBackup(
      {
        store,
        tempDir: dir.path,
        maxFetchers: 2,
        quotaBytes: undefined,
        skipHashCheck: false,
        saveTimeoutMs: 60_000,
      },
      context,
    ),
  'snapshot --once': ({ store, dir, context }) =>
    takeFullSnapshot(
      { cluster: new ScriptedCluster(), store, tempDir: dir.path, compression: 'gzip', final: false },
      context,
    ),
  'copy to it': ({ store, context }) =>
    copyBackups(
      {
        source: memorySnapStore(goldenObjects('etcd-3.5/none')),
        target: store,
        maxBackups: undefined,
        maxBackupAgeDays: undefined,
        maxParallel: 2,
      },
      context,
    ),
  'a companion': ({ store, dir, context }) => {
    mkdirSync(dir.join('pki'));
    writeFileSync(dir.join('pki/ca.key'), 'secret');
    const full = goldenFull();
    return saveCompanion({ store, full, paths: [dir.join('pki')], keep: 3 }, context);
  },
};

function goldenFull() {
  return { lastRevision: 58, createdOn: 1_795_251_532 } as Parameters<typeof saveCompanion>[0]['full'];
}

async function withStore(
  script: Readonly<Record<string, ScriptStep | readonly ScriptStep[]>>,
  work: (parts: { store: BackupStore; dir: TempDir; context: RecordedContext; server: S3Server }) => Promise<unknown>,
): Promise<void> {
  await using server = await startS3Server();
  using dir = makeTempDir();
  const context = recordedContext();
  fill(server);
  server.fault(playAnswers(script));
  await using store = storeOver(server, context);
  await work({ store, dir, context, server });
  assert.equal(server.uploads.size, 0, 'no upload is left open');
}

const busy = Array.from({ length: 5 }, () => xmlRefusal(503, 'ServiceUnavailable'));
const writing = ['compact', 'snapshot --once', 'copy to it', 'a companion'] as const;

describe('a store that is out for a while', () => {
  for (const [name, operation] of Object.entries(operations)) {
    for (const kind of ['versioning', 'ListObjectsV2', 'HeadObject', 'CompleteMultipartUpload', 'GetObject']) {
      it(`is waited for, whatever it is asked: ${name}, ${kind}`, async () => {
        await withStore({ [kind]: [...busy, 'proper'] }, operation);
      });
    }
  }

  it('is tried for 31 s, and not again as part of something that is tried again itself', async () => {
    // Both layouts are listed at once, and each listing waits.
    for (const [kind, atOnce] of [
      ['versioning', 1],
      ['ListObjectsV2', 2],
    ] as const) {
      await withStore({ [kind]: xmlRefusal(503, 'SlowDown') }, async ({ store, context: { signal, sleeps } }) => {
        await assert.rejects(store.list({ signal }), { code: 'store_transient' });
        assert.equal(
          sleeps.reduce((sum, ms) => sum + ms, 0),
          atOnce * 31_000,
        );
      });
    }
  });
});

describe('an upload that the store has lost', () => {
  for (const name of writing) {
    for (const kind of ['UploadPart', 'CompleteMultipartUpload']) {
      it(`is begun anew: ${name}, ${kind}`, async () => {
        await withStore({ [kind]: [xmlRefusal(404, 'NoSuchUpload'), 'proper'] }, async (parts) => {
          await operations[name]?.(parts);
          assert.ok(parts.context.lines.some(({ text }) => /an upload is begun again|Copying again/.test(text)));
        });
      });
    }
  }

  it('again and again is an error', async () => {
    await withStore({ UploadPart: xmlRefusal(404, 'NoSuchUpload') }, async (parts) => {
      await assert.rejects(
        async () => await operations['snapshot --once']?.(parts),
        /does not know the upload any more/,
      );
    });
  });
});

describe('a part whose body was cut on its way', () => {
  for (const name of writing) {
    it(`is sent again: ${name}`, async () => {
      const cut = xmlRefusal(400, 'IncompleteBody');
      await withStore({ UploadPart: [cut, cut, 'proper'] }, async (parts) => {
        await operations[name]?.(parts);
        assert.ok(!parts.context.lines.some(({ text }) => /an upload is begun again|Copying again/.test(text)));
      });
    });
  }
});

describe('a bit that flips on its way', () => {
  const size = goldenObjects('etcd-3.5/gzip').length;
  for (const name of ['restore', 'verify', 'compact'] as const) {
    for (let object = 1; object <= size; object++) {
      it(`is read again before it is called damage: ${name}, read ${object}`, async () => {
        await withStore({}, async (parts) => {
          parts.server.fault(({ operation, count }) =>
            operation === 'GetObject' && count === object ? { kind: 'corrupt' } : undefined,
          );
          await operations[name]?.(parts);
          assert.ok(
            parts.context.lines.some(({ text }) => /reading it once more|read again, beginning anew/.test(text)),
          );
        });
      });
    }
  }

  it('is read again before it is called damage: copy', async () => {
    await withStore({}, async ({ store, context, server }) => {
      await using target = await startS3Server();
      await using copy = storeOver(target, context);
      server.fault(({ operation, count }) =>
        operation === 'GetObject' && count === 2 ? { kind: 'corrupt' } : undefined,
      );
      const request = { source: store, target: copy, maxBackups: undefined, maxBackupAgeDays: undefined };
      const { copied } = await copyBackups({ ...request, maxParallel: 2 }, context);
      assert.equal(copied.length, size);
      for (const [key, { bytes }] of server.objects) {
        assert.deepEqual(target.objects.get(key)?.bytes, bytes);
      }
    });
  });
});

describe('an object that the store refuses', () => {
  const refusals = {
    'access denied': [xmlRefusal(403, 'AccessDenied'), /it cannot be read: .*403 AccessDenied; check the credentials/],
    'moved to an archive': [xmlRefusal(403, 'InvalidObjectState'), /bring the object back from its archive/],
    'of another key': [xmlRefusal(400, 'InvalidRequest'), /it cannot be read: .*400 InvalidRequest/],
    'an error that lasts': [xmlRefusal(500, 'InternalError'), /it cannot be read: .*500 InternalError/],
  } as const;
  for (const [what, [answer, text]] of Object.entries(refusals)) {
    it(`is a problem of the verification, which goes on: ${what}`, async () => {
      await withStore({}, async ({ store, dir, context, server }) => {
        const last = [...server.objects.keys()].findLast((key) => key.includes('Incr')) ?? '';
        server.fault(({ operation, key }) =>
          operation === 'GetObject' && key === last ? { kind: 'answer', answer } : undefined,
        );
        const request = { store, level: 'structure', sample: undefined, tempDir: dir.path, maxFetchers: 2 } as const;
        const { findings, read, objects, provable } = await verifyBackups(request, context);
        assert.deepEqual(
          findings.map(({ weight, snapshot }) => [weight, snapshot]),
          [['problem', last.replace('etcd-main/v2/', '')]],
        );
        assert.match(findings[0]?.text ?? '', text);
        assert.equal(read, objects);
        assert.ok((provable?.revision ?? 0) > 58 && (provable?.revision ?? 122) < 122);
      });
    });
  }

  it('ends the verification when it is every one: a store that answers for nothing says nothing of its objects', async () => {
    await withStore({ GetObject: xmlRefusal(503, 'ServiceUnavailable') }, async ({ store, dir, context }) => {
      const request = { store, level: 'hash', sample: undefined, tempDir: dir.path, maxFetchers: 1 } as const;
      await assert.rejects(verifyBackups(request, context), { code: 'store_transient' });
    });
  });

  it('ends the verification when it is every one by access rights: nothing is damaged, and no full would mend it', async () => {
    await withStore({ GetObject: xmlRefusal(403, 'AccessDenied') }, async ({ store, dir, context }) => {
      for (const level of ['hash', 'restore'] as const) {
        const request = { store, level, sample: undefined, tempDir: dir.path, maxFetchers: 2 } as const;
        await assert.rejects(verifyBackups(request, context), { code: 'store_denied' });
      }
    });
  });
});
