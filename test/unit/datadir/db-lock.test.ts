import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { lockDb } from '../../../src/datadir/db-lock.ts';
import { lockError } from '../../../src/runtime/process/file-lock.ts';
import { recordedContext } from '../../support/context/run-context.ts';

describe('lockDb', () => {
  it('says what to do about the program that holds the lock', async () => {
    for (const [command, remedy] of [
      ['etcdbrctl', 'wait until that has ended'],
      ['etcdutl', 'wait until that has ended'],
      ['etcd', 'stop the etcd that runs on it'],
      [undefined, 'stop the etcd that runs on it'],
    ] as const) {
      const tryLock = () => Promise.resolve({ acquired: false, holder: { pid: 7, command } } as const);
      await assert.rejects(lockDb('/data', recordedContext(), { action: 'initialize', tryLock }), {
        code: 'data_dir_locked',
        message: `cannot initialize /data: ${command ?? 'process'} (pid 7) holds the lock on /data/member/snap/db; ${remedy}; nothing was changed`,
      });
    }
  });

  it('says that the file system has no locks, or why the db cannot be locked', async () => {
    const tryLock = (errno: number) => (file: string) => Promise.reject(lockError(errno, file));
    for (const [errno, code] of [
      [37, 'ENOLCK'],
      [95, 'ENOTSUP'],
    ] as const) {
      await assert.rejects(lockDb('/data', recordedContext(), { action: 'initialize', tryLock: tryLock(errno) }), {
        code: 'file_error',
        message:
          `cannot initialize /data: its file system gives no lock on /data/member/snap/db (${code}), so that a running etcd would ` +
          'not be noticed; mount it with locks (on NFS: rpc.statd runs, no option nolock); nothing was changed',
      });
    }
    // As Node has it where it makes the error itself.
    const unknown = Object.assign(new Error('Unknown system error -37: x, open'), { code: 'Unknown system error -37' });
    const refused = Object.assign(unknown, { errno: -37, syscall: 'open' });
    const options = { action: 'initialize', tryLock: () => Promise.reject(refused) } as const;
    await assert.rejects(lockDb('/data', recordedContext(), options), { message: /\(ENOLCK\), so that/ });
    await assert.rejects(lockDb('/data', recordedContext(), { action: 'initialize', tryLock: tryLock(5) }), {
      code: 'disk_error',
      message: 'cannot lock /data/member/snap/db: the disk reports an error; check the volume',
    });
  });

  it('refuses a db that is locked, and takes none where there is none', async () => {
    using dir = makeTempDir();
    const take = (): ReturnType<typeof lockDb> => lockDb(dir.path, recordedContext(), { action: 'initialize' });
    assert.equal(await take(), undefined);
    mkdirSync(dir.join('member/snap'), { recursive: true });
    writeFileSync(dir.join('member/snap/db'), '');
    await using held = await take();
    assert.equal(held?.strength, 'exclusive');
    await assert.rejects(take(), { code: 'data_dir_locked' });
  });
});
