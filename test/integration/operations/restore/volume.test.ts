import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { run } from '../../../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import type { EtcdCluster } from '../../../../src/etcd/cluster.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { DeltaSpool } from '../../../../src/operations/snapshot/delta/spool.ts';
import { downloadDatabase } from '../../../../src/operations/snapshot/full/download.ts';
import { errorText } from '../../../../src/runtime/log/error-text.ts';
import { LocalBucket } from '../../../../src/snapstore/providers/local/local-bucket.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { noMounts } from '../../../support/context/skip-reasons.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';

const skip = await whyNoMounts();

/** Why this process cannot mount a tmpfs; false when it can. */
async function whyNoMounts(): Promise<string | false> {
  using dir = makeTempDir();
  try {
    await using _ = await mounted(dir, { size: '64k' });
    return false;
  } catch (error) {
    return noMounts(error);
  }
}

/** Mounts a tmpfs on `volume` below `dir` until disposed. */
async function mounted(
  dir: TempDir,
  options: { readonly size: string; readonly inodes?: number },
): Promise<AsyncDisposable> {
  const point = dir.join('volume');
  mkdirSync(point);
  await run('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${options.size},nr_inodes=${options.inodes ?? 1000},mode=0700`,
    'tmpfs',
    point,
  ]);
  return { [Symbol.asyncDispose]: async () => void (await run('umount', [point])) };
}

describe('restoring onto a small volume', { skip }, () => {
  for (const [what, size, room] of [
    ['the base', '200k', 'at least 360\\.0 KiB are needed, \\d+\\.0 KiB were free; '],
    ['the deltas', '400k', '\\d+\\.0 KiB were free at the beginning, and are used up; '],
  ] as const) {
    it(`says so when there is no space for ${what}, and leaves the volume empty`, async () => {
      using dir = makeTempDir();
      await using _ = await mounted(dir, { size });
      for (const dataDir of [dir.join('volume', 'data'), dir.join('volume')]) {
        await assert.rejects(restore(restoreRequest(dir, { dataDir }), recordedContext()), {
          name: 'Failure',
          code: 'no_space',
          message: new RegExp(`^cannot restore into \\S+: no space is left on the volume: ${room}`),
        });
        assert.deepEqual(readdirSync(dir.join('volume')), []);
      }
    });
  }

  it('says that it has no inode left, wherever the last one goes to, and leaves it empty', async () => {
    let restored = 0;
    for (let inodes = 2; restored === 0; inodes++) {
      assert.ok(inodes < 40);
      using dir = makeTempDir();
      await using _ = await mounted(dir, { size: '256m', inodes });
      const request = restoreRequest(dir, { dataDir: dir.join('volume', 'data'), tempDir: dir.join('temp') });
      const refused = await restore(request, recordedContext()).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refused === undefined) {
        restored = inodes;
        continue;
      }
      assert.match(
        errorText(refused),
        /^cannot restore into \S+: no inode is left on the volume: it holds as many files as it can; remove files/,
        `with ${inodes} inodes`,
      );
      assert.deepEqual(readdirSync(dir.join('volume')), []);
    }
    assert.ok(restored > 6, `${restored}`);
  });

  it('says so when there is no space for temporary files', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '8k' });
    const request = restoreRequest(dir, { tempDir: dir.join('volume', 'temp') });
    await assert.rejects(restore(request, recordedContext()), {
      code: 'no_space',
      message:
        /cannot write the temporary file \S+volume\/temp\S*: no space is left on the volume: (at least \S+ KiB are needed, \S+ (B|KiB) were free|.+ at the beginning)/,
    });
    assert.deepEqual(readdirSync(dir.join('volume')), []);
    assert.deepEqual(readdirSync(dir.path), ['volume']);
  });

  it('restores into a mount point itself', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '256m' });
    const { dev } = statSync(dir.join('volume'));
    await restore(restoreRequest(dir, { dataDir: dir.join('volume') }), recordedContext());
    assert.deepEqual(readdirSync(dir.join('volume')), ['member']);
    assert.equal(statSync(dir.join('volume', 'member', 'snap', 'db')).dev, dev);
    assert.deepEqual(readdirSync(dir.path), ['volume']);
  });

  it('says so when the volume is read-only', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '64m' });
    await run('mount', ['-o', 'remount,ro', dir.join('volume')]);
    for (const dataDir of [dir.join('volume', 'data'), dir.join('volume')]) {
      await assert.rejects(restore(restoreRequest(dir, { dataDir }), recordedContext()), {
        name: 'Failure',
        code: 'read_only',
        message: /the file system is read-only/,
      });
    }
  });
});

describe('other writes onto a small volume', { skip }, () => {
  const signal = new AbortController().signal;

  it('say what they need and what is there: an object in a local store', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '64k' });
    const bucket = new LocalBucket({ directory: dir.join('volume'), clock: recordedContext().clock });
    const upload = await bucket.beginUpload('v2/object', { signal, sizeAtLeast: 1024 * 1024 });
    const bytes = new Uint8Array(512 * 1024);
    await assert.rejects(upload.writePart({ number: 1, offset: 0, bytes }, { signal }), {
      kind: 'quota',
      message: /no space is left on the volume: at least 1\.0 MiB are needed, \d+\.0 KiB were free; /,
    });
    await upload.abort({ signal });
  });

  it('say so: events that wait for a store', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '64k' });
    const spool = new DeltaSpool({ directory: dir.join('volume'), limitBytes: 1024 ** 3 });
    const size = 8 * 1024 * 1024;
    const source = {
      size,
      count: 1,
      read: async function* () {
        yield Buffer.alloc(size);
      },
    };
    await assert.rejects(spool.keep(source), {
      code: 'spool_full',
      message: /no space is left on the volume: at least 8\.0 MiB are needed, \d+\.0 KiB were free; mend the store/,
    });
  });

  it('say so: a database that is downloaded', async () => {
    using dir = makeTempDir();
    await using _ = await mounted(dir, { size: '64k' });
    const announced = 3 * 1024 * 1024;
    const cluster = {
      location: 'etcd',
      status: () => Promise.reject(new Error('not asked')),
      async *snapshot({ onSize }: { onSize: (bytes: number, endpoint: string) => void }) {
        onSize(announced, 'a');
        yield Buffer.alloc(announced);
      },
    } as unknown as EtcdCluster;
    const request = { cluster, compression: 'none', tempDir: dir.join('volume') } as const;
    await assert.rejects(downloadDatabase(request, recordedContext()), {
      code: 'temp_unwritable',
      message: /no space is left on the volume: at least 3\.0 MiB are needed, \d+\.0 KiB were free; make room/,
    });
    assert.deepEqual(readdirSync(dir.join('volume')), []);
  });
});
