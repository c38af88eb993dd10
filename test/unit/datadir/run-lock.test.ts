import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { RunLock, type RunLockOptions } from '../../../src/datadir/run-lock.ts';
import { actingAs } from '../../../src/runtime/process/acting-as.ts';
import { type HandleLock, lockError, tryLockHandle } from '../../../src/runtime/process/file-lock.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { unlessLinux, unlessRoot } from '../../support/context/skip-reasons.ts';

const action = 'restore into';

function take(dataDir: string, options: Partial<RunLockOptions> = {}): Promise<RunLock> {
  return RunLock.take(dataDir, recordedContext(), { action, ...options });
}

const noModule = (): Promise<HandleLock> => Promise.resolve({ outcome: 'unavailable', reason: 'it cannot be loaded' });
const noLocks = (): Promise<HandleLock> => {
  const error = lockError(37, '/data');
  return Promise.resolve({ outcome: 'unavailable', reason: error.message, error });
};

describe('RunLock', () => {
  it('leaves nothing but the directory, and while it lasts only a file with the process id', async () => {
    using dir = makeTempDir();
    {
      await using lock = await take(dir.join('data'));
      assert.equal(lock.directory, undefined);
      assert.deepEqual(readdirSync(dir.path), ['.data.etcdbrctl-lock']);
      assert.equal(readFileSync(dir.join('.data.etcdbrctl-lock'), 'utf8'), `${process.pid}\n`);
    }
    assert.deepEqual(readdirSync(dir.path), []);
    mkdirSync(dir.join('data'));
    await using lock = await take(dir.join('data'));
    assert.ok(lock.directory !== undefined);
    assert.deepEqual(readdirSync(dir.path), ['data']);
    assert.deepEqual(readdirSync(dir.join('data')), []);
  });

  it('removes the directories above that it made for its file', async () => {
    using dir = makeTempDir();
    {
      await using first = await take(dir.join('a', 'b', 'data'));
      assert.equal(first.madeAbove, dir.join('a'));
      await assert.rejects(take(dir.join('a', 'b', 'data')), { code: 'data_dir_busy' });
    }
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('names the file that is where a directory would be', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('file'), '');
    const refused = { code: 'not_a_directory' } as const;
    await assert.rejects(take(dir.join('file')), {
      ...refused,
      message: `cannot restore into ${dir.join('file')}: it is a file, not a directory; choose another path`,
    });
    await assert.rejects(take(dir.join('file/x/data')), {
      ...refused,
      message: `cannot restore into ${dir.join('file/x/data')}: ${dir.join('file')} is a file, not a directory; choose another path`,
    });
  });

  it('says of a file system in which nothing can be made that it is one', { skip: unlessLinux }, async () => {
    await assert.rejects(
      take('/proc/data'),
      /^NoNewFiles: the file system of \/proc takes no new files or directories$/,
    );
    await assert.rejects(take('/proc/above/data'), /^NoNewFiles: the file system of \/proc takes no/);
  });

  it('takes over the file of a killed run', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('.data.etcdbrctl-lock'), '1\n');
    {
      await using _lock = await take(dir.join('data'));
      await assert.rejects(take(dir.join('data')), {
        code: 'data_dir_busy',
        message: new RegExp(`pid ${process.pid}`),
      });
    }
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('notices that its file was removed by the run before, and that the directory appeared', async () => {
    using dir = makeTempDir();
    let calls = 0;
    const removing: RunLockOptions['tryLock'] = async (handle) => {
      calls++;
      if (calls === 1) {
        rmSync(dir.join('.data.etcdbrctl-lock'));
      } else if (calls === 2) {
        mkdirSync(dir.join('data'));
      }
      return await tryLockHandle(handle);
    };
    await using lock = await take(dir.join('data'), { tryLock: removing });
    assert.equal(calls, 3);
    assert.ok(lock.directory !== undefined);
    assert.deepEqual(readdirSync(dir.path), ['data']);
  });

  for (const [name, tryLock] of Object.entries({
    'the module cannot be loaded': noModule,
    'there are no locks': noLocks,
  })) {
    it(`excludes a second run where ${name}`, async () => {
      for (const exists of [true, false]) {
        using dir = makeTempDir();
        if (exists) {
          mkdirSync(dir.join('data'));
        }
        {
          await using _lock = await take(dir.join('data'), { tryLock });
          await assert.rejects(take(dir.join('data'), { tryLock }), {
            code: 'data_dir_busy',
            message: new RegExp(`pid ${process.pid}`),
          });
          await using _other = await take(dir.join('other'), { tryLock });
        }
        await using _again = await take(dir.join('data'), { tryLock });
      }
    });
  }

  it('sees the lock of a run that has the module, where it cannot be loaded itself', async () => {
    using dir = makeTempDir();
    for (const exists of [false, true]) {
      if (exists) {
        mkdirSync(dir.join('data'));
      }
      await using _lock = await take(dir.join('data'));
      const { findLockHolder } = await import('../../../src/runtime/process/lock-holder.ts');
      const seen: RunLockOptions['tryLock'] = async (handle) => {
        const holder = await findLockHolder(await handle.stat({ bigint: true }));
        return holder === undefined ? await noModule() : { outcome: 'busy', holder };
      };
      await assert.rejects(take(dir.join('data'), { tryLock: seen }), { code: 'data_dir_busy' });
    }
  });

  it('follows no link and waits for no pipe that has the name of its file', async () => {
    using dir = makeTempDir();
    writeFileSync(dir.join('precious'), 'text');
    symlinkSync('precious', dir.join('.data.etcdbrctl-lock'));
    await using _lock = await take(dir.join('data'));
    assert.equal(readFileSync(dir.join('precious'), 'utf8'), 'text');
    await assert.rejects(take(dir.join('data')), { code: 'data_dir_busy' });
  });

  it('excludes root and the owner of the directory, who cannot write above it', { skip: unlessRoot }, async () => {
    using dir = makeTempDir();
    chmodSync(dir.path, 0o755);
    mkdirSync(dir.join('data'));
    chownSync(dir.join('data'), 65_534, 65_534);
    const them = { uid: 65_534, gid: 65_534 };
    {
      await using _lock = await take(dir.join('data'));
      await actingAs(them, () => assert.rejects(take(dir.join('data')), { code: 'data_dir_busy' }));
    }
    await actingAs(them, async () => {
      await using _lock = await take(dir.join('data'));
      await assert.rejects(take(dir.join('data')), { code: 'data_dir_busy' });
      // There nothing can be made; what needs it says so.
      await using absent = await take(dir.join('absent', 'data'));
      assert.equal(absent.parent, undefined);
    });
    assert.deepEqual(readdirSync(dir.path), ['data']);
  });

  it('needs no right to read the directory above one that exists', { skip: unlessRoot }, async () => {
    using dir = makeTempDir();
    mkdirSync(dir.join('data'));
    chownSync(dir.join('data'), 65_534, 65_534);
    chmodSync(dir.path, 0o711);
    await actingAs({ uid: 65_534, gid: 65_534 }, async () => {
      await using lock = await take(dir.join('data'));
      assert.ok(lock.directory !== undefined);
      await using absent = await take(dir.join('absent'));
      assert.equal(absent.parent, undefined);
    });
  });
});
