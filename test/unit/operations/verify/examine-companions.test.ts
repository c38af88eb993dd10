import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { packFiles } from '../../../../src/operations/companion/pack.ts';
import { examineCompanions } from '../../../../src/operations/verify/examine-companions.ts';
import { compress } from '../../../../src/snapshot/compression.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { type RecordedContext, recordedContext } from '../../../support/context/run-context.ts';
import { faultyBucket } from '../../../support/stores/faulty-bucket.ts';
import { type MemoryBucket, memoryBucket } from '../../../support/stores/memory-bucket.ts';

const name = 'Companion-00000010-1000.tar.gz';

let bucket: MemoryBucket;
let context: RecordedContext;
let sound: Buffer;

beforeEach(async () => {
  bucket = memoryBucket();
  context = recordedContext();
  using dir = makeTempDir();
  writeFileSync(dir.join('ca.key'), 'secret'.repeat(1_000));
  const packed = packFiles([dir.join('ca.key')], { signal: context.signal, log: context.log });
  sound = Buffer.concat(await Array.fromAsync(compress(packed, 'gzip')));
});

function put(bytes: Buffer): void {
  const key = `v2/${name}`;
  bucket.objects.set(key, { bytes, entry: { key, size: bytes.length, modifiedAt: 0 } });
}

function examined(level: 'catalog' | 'hash', from: Bucket = bucket): ReturnType<typeof examineCompanions> {
  const upload = { parallel: 1, minChunkSize: 1024, clock: context.clock, log: context.log };
  return examineCompanions(
    { store: new BackupStore({ bucket: from, prefix: '', upload, log: context.log }), level },
    context,
  );
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('the companions of a store', () => {
  it('are read whole, and sound ones are no finding', async () => {
    put(sound);
    assert.deepEqual(await examined('hash'), { count: 1, findings: [] });
  });

  it('are only counted at level catalog', async () => {
    put(Buffer.alloc(0));
    assert.deepEqual(await examined('catalog'), { count: 1, findings: [] });
  });

  const damages: Readonly<Record<string, () => Buffer>> = {
    empty: () => Buffer.alloc(0),
    'cut short': () => sound.subarray(0, sound.length - 9),
    'altered in the middle': () => flipped(sound, Math.floor(sound.length / 2)),
    'no gzip': () => Buffer.from('<html>not found</html>'),
    'no tar': () => gzipSync(Buffer.alloc(2_000, 'x')),
    'a tar that ends too early': () => gzipSync(Buffer.alloc(0)),
  };
  for (const [what, bytes] of Object.entries(damages)) {
    it(`are a problem when one is ${what}`, async () => {
      put(bytes());
      const { findings } = await examined('hash');
      assert.deepEqual(
        findings.map(({ weight, snapshot }) => [weight, snapshot]),
        [['problem', name]],
      );
      assert.match(findings[0]?.text ?? '', /^it is damaged: /);
    });
  }

  it('are no problem when a newer one has replaced one meanwhile, but are when none is left', async () => {
    const newer = { isStored: true };
    const replacing: Bucket = {
      ...bucket,
      read: (key, options) => {
        bucket.objects.delete(`v2/${name}`);
        if (newer.isStored) {
          const next = 'v2/Companion-00000020-2000.tar.gz';
          bucket.objects.set(next, { bytes: sound, entry: { key: next, size: sound.length, modifiedAt: 0 } });
        }
        return bucket.read(key, options);
      },
    };
    put(sound);
    const replaced = await examined('hash', replacing);
    assert.deepEqual(
      replaced.findings.map(({ weight, snapshot }) => [weight, snapshot]),
      [['note', name]],
    );
    bucket.objects.clear();
    newer.isStored = false;
    put(sound);
    const gone = await examined('hash', replacing);
    assert.deepEqual(gone.findings, [{ weight: 'problem', snapshot: name, text: 'it was deleted meanwhile' }]);
  });

  it('are a problem when the store refuses one, and read again after what passes', async () => {
    put(sound);
    const faulty = faultyBucket(bucket);
    const refused = (kind: 'transient' | 'denied') => () =>
      new StoreError(kind, { action: 'read', object: name, found: 'the test says so' });
    faulty.fail('read', refused('transient'), 3);
    assert.deepEqual((await examined('hash', faulty)).findings, []);
    faulty.fail('read', refused('denied'));
    assert.match((await examined('hash', faulty)).findings[0]?.text ?? '', /^it cannot be read: /);
  });
});
