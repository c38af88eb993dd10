import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { removeTree } from '../../../../src/fs/remove-tree.ts';
import { type InitializeRequest, initialize } from '../../../../src/operations/initialize/initialize.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { readStatus } from '../../../../src/operations/status/status.ts';
import { tryLockFile } from '../../../../src/runtime/process/file-lock.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { unlessRoot } from '../../../support/context/skip-reasons.ts';
import { observeFileCalls } from '../../../support/files/file-call-observer.ts';
import { restoreRequest } from '../../../support/fixtures/restore-request.ts';
import { type HoldingPoint, holdBack } from '../../../support/stores/held-back-store.ts';

const WAL = 'member/wal/0000000000000000-0000000000000000.wal';
const them = { uid: 65_534, gid: 65_534 };

function run(dir: TempDir, changes: Partial<InitializeRequest> = {}): ReturnType<typeof initialize> {
  return initialize({ ...restoreRequest(dir), mode: 'full', namespace: undefined, ...changes }, recordedContext());
}

/** Makes `entry`, with all in it, theirs. */
function give(entry: string): void {
  lchownSync(entry, them.uid, them.gid);
  if (lstatSync(entry).isDirectory()) {
    for (const name of readdirSync(entry)) {
      give(path.join(entry, name));
    }
  }
}

/** A directory that others can enter, with `data` in it that is theirs. */
function theirDir(): TempDir {
  const dir = makeTempDir();
  chmodSync(dir.path, 0o755);
  mkdirSync(dir.join('data'), { mode: 0o700 });
  give(dir.join('data'));
  return dir;
}

/** The same with a restored member in it. */
async function theirMember(): Promise<TempDir> {
  const dir = theirDir();
  await restore(restoreRequest(dir), recordedContext());
  assertTheirs(dir.join('data'));
  return dir;
}

function assertTheirs(entry: string): void {
  const { uid, gid, mode } = lstatSync(entry);
  assert.deepEqual({ uid, gid }, them, entry);
  assert.equal(mode & 0o077, 0, entry);
  if (lstatSync(entry).isDirectory()) {
    for (const name of readdirSync(entry)) {
      assertTheirs(path.join(entry, name));
    }
  }
}

/** A file of root's, and what it is. */
function rootsFile(file: string, mode = 0o600): () => void {
  writeFileSync(file, 'precious', { mode });
  chmodSync(file, mode);
  const before = statSync(file);
  return () => {
    const now = statSync(file);
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    assert.deepEqual([now.uid, now.gid, now.mode, now.ino], [before.uid, before.gid, before.mode, before.ino]);
  };
}

describe('root works on a directory of another user', { skip: unlessRoot }, () => {
  it('and the copy of a torn log reaches nothing of root (a)', async () => {
    using dir = await theirMember();
    const unchanged = rootsFile(dir.join('target'), 0o644);
    truncateSync(dir.join('data', WAL), 285);
    symlinkSync(dir.join('target'), dir.join('data', `${WAL}.broken`));
    give(dir.join('data'));
    assert.equal((await run(dir)).action, 'kept');
    unchanged();
    assertTheirs(dir.join('data'));
    assert.ok(lstatSync(dir.join('data', `${WAL}.broken`)).isFile());
  });

  it('and a log that leads to files of root is neither read nor cut (a, by the directory)', async () => {
    using dir = await theirMember();
    mkdirSync(dir.join('roots'), { mode: 0o755 });
    renameSync(dir.join('data', WAL), dir.join('roots', path.basename(WAL)));
    truncateSync(dir.join('roots', path.basename(WAL)), 285);
    chownSync(dir.join('roots', path.basename(WAL)), 0, 0);
    rmSync(dir.join('data', 'member', 'wal'), { recursive: true });
    symlinkSync(dir.join('roots'), dir.join('data', 'member', 'wal'));
    await assert.rejects(run(dir), {
      code: 'denied',
      message: /its files belong to user 65534, who has no right to .*\.wal; give all of it to the user/,
    });
    assert.equal(statSync(dir.join('roots', path.basename(WAL))).size, 285);
    assert.deepEqual(readdirSync(dir.join('roots')), [path.basename(WAL)]);
  });

  it('and a staging directory that is exchanged leads nowhere (c)', async () => {
    for (const exists of [true, false]) {
      for (const point of ['before the full', 'inside the full', 'before a delta'] satisfies HoldingPoint[]) {
        using dir = theirDir();
        const place = exists ? dir.join('data') : dir.join('data', 'new');
        const around = dir.join('data');
        const unchanged = rootsFile(dir.join('target'));
        const request = restoreRequest(dir, { dataDir: place });
        const held = holdBack(request.store, point);
        const running = restore({ ...request, store: held.store }, recordedContext());
        await held.arrived;
        const staging = readdirSync(around).find((name) => name.includes('etcdbrctl-') && !name.endsWith('lock')) ?? '';
        assert.equal(lstatSync(path.join(around, staging)).uid, 0);
        assert.equal(lstatSync(path.join(around, staging)).mode & 0o777, 0o700);
        renameSync(path.join(around, staging), path.join(around, 'stolen'));
        for (const snap of ['member/snap', 'data/member/snap', 'snap']) {
          mkdirSync(path.join(around, staging, snap), { recursive: true });
          symlinkSync(dir.join('target'), path.join(around, staging, snap, 'db'));
        }
        held.letGo();
        await running.catch(() => undefined);
        unchanged();
        assert.ok(existsSync(path.join(around, staging, 'member', 'snap', 'db')), 'what is theirs is left alone');
      }
    }
  });

  it('and a directory that is exchanged for a link at any step of its removal leads nowhere (d)', async () => {
    const files = Array.from({ length: 5 }, (_, file) => `file-${file}`);
    /** Removes a tree in which a directory is exchanged before this step; gives the number of steps. */
    const removeExchanged = async (at: number | undefined): Promise<number> => {
      using dir = makeTempDir();
      const roots = dir.join('roots');
      const victim = dir.join('tree', 'victim');
      mkdirSync(roots);
      mkdirSync(victim, { recursive: true });
      for (const file of files) {
        writeFileSync(path.join(roots, file), '');
        writeFileSync(path.join(victim, file), '');
      }
      let steps = 0;
      using _ = await observeFileCalls(() => {
        steps += 1;
        if (steps === at && existsSync(victim)) {
          renameSync(victim, `${victim}.away`);
          symlinkSync(roots, victim);
        }
      });
      await removeTree(dir.join('tree')).catch(() => undefined);
      assert.deepEqual(readdirSync(roots), files, `exchanged before step ${at}`);
      assert.equal(existsSync(dir.join('tree')), existsSync(`${victim}.away`));
      return steps;
    };
    const undisturbed = await removeExchanged(undefined);
    assert.ok(undisturbed > 15);
    for (let at = 1; at <= undisturbed; at++) {
      await removeExchanged(at);
    }
  });

  it('and safe_guard next to it gives away and changes nothing of root (e)', async () => {
    using dir = makeTempDir();
    chmodSync(dir.path, 0o755);
    mkdirSync(dir.join('place'));
    give(dir.join('place'));
    const unchanged = rootsFile(dir.join('shadow'), 0o640);
    const request = { dataDir: dir.join('place', 'data'), namespace: 'precious' };
    symlinkSync(dir.join('shadow'), dir.join('place', 'safe_guard'));
    await assert.rejects(run(dir, request), { code: 'wrong_volume', message: /is a symbolic link, not a file/ });
    unchanged();
    rmSync(dir.join('place', 'safe_guard'));
    await run(dir, request);
    assertTheirs(dir.join('place', 'safe_guard'));
    assertTheirs(dir.join('place', 'data'));
  });

  it('and what is restored belongs to that user (f)', async () => {
    using dir = await theirMember();
    truncateSync(dir.join('data', 'member', 'snap', 'db'), 10_000);
    assert.equal((await run(dir)).action, 'restored');
    assertTheirs(dir.join('data'));
    assert.equal((await run(dir)).action, 'kept');
    assert.ok(
      (await readStatus({ path: dir.join('data'), tempDir: dir.join('temp') }, recordedContext())).totalKeys > 0,
    );
  });

  it('and sees the lock of an etcd that runs there, and of another run', async () => {
    using dir = await theirMember();
    const held = await tryLockFile(dir.join('data', 'member', 'snap', 'db'));
    assert.ok(held.acquired);
    await assert.rejects(run(dir), { code: 'data_dir_locked' });
    const status = (): Promise<unknown> =>
      readStatus({ path: dir.join('data'), tempDir: dir.join('temp') }, recordedContext());
    await assert.rejects(status(), { code: 'data_dir_locked' });
    await held.lock[Symbol.asyncDispose]();
    const context = recordedContext();
    await initialize({ ...restoreRequest(dir), mode: 'full', namespace: undefined }, context);
    assert.deepEqual(
      context.lines.filter(({ text }) => text.includes('No lock')),
      [],
    );
  });

  it('as it does when the data directory, and some above it, are new', async () => {
    using dir = theirDir();
    for (const [make, name] of [
      [(dataDir: string) => restore(restoreRequest(dir, { dataDir }), recordedContext()), 'a'],
      [(dataDir: string) => run(dir, { dataDir }), 'b'],
    ] as const) {
      await make(dir.join('data', name, 'deeper', 'data'));
    }
    assertTheirs(dir.join('data'));
  });

  it('as it does when the log has a directory of its own, new in a place of root or of theirs', async () => {
    for (const name of ['wal', 'data/wal', 'theirs/deeper/wal']) {
      using dir = theirDir();
      mkdirSync(dir.join('theirs'), { mode: 0o700 });
      give(dir.join('theirs'));
      const walDir = dir.join(name);
      await restore(restoreRequest(dir, { walDir }), recordedContext());
      assertTheirs(dir.join('data'));
      assertTheirs(walDir);
      assertTheirs(dir.join('theirs'));
      assert.equal((await run(dir, { walDir })).action, 'kept');
      truncateSync(dir.join('data', 'member', 'snap', 'db'), 10_000);
      assert.equal((await run(dir, { walDir })).action, 'restored');
      assertTheirs(dir.join('data'));
      assertTheirs(walDir);
    }
  });

  it('as it does when only the member is theirs, and a neighbour of another user stays his', async () => {
    using dir = await theirMember();
    chownSync(dir.join('data'), 0, 0);
    chmodSync(dir.join('data'), 0o755);
    truncateSync(dir.join('data', 'member', 'snap', 'db'), 10_000);
    assert.equal((await run(dir)).action, 'restored');
    assertTheirs(dir.join('data', 'member'));
    assert.equal(statSync(dir.join('data')).uid, 0);
  });

  it('and a part of it that is not theirs is named', async () => {
    using dir = await theirMember();
    chownSync(dir.join('data', 'member'), 0, 0);
    for (const work of [
      () => run(dir),
      () => readStatus({ path: dir.join('data'), tempDir: dir.join('temp') }, recordedContext()),
    ]) {
      await assert.rejects(work(), {
        code: 'denied',
        message: new RegExp(
          `who has no right to ${dir.join('data', 'member')}.*; give all of it .*chown -R USER ${dir.join('data')}`,
        ),
      });
    }
  });

  it('and their links lead root to no place that is not theirs', async () => {
    using dir = theirDir();
    mkdirSync(dir.join('roots'));
    symlinkSync(dir.join('roots'), dir.join('data', 'link'));
    lchownSync(dir.join('data', 'link'), them.uid, them.gid);
    for (const dataDir of [dir.join('data', 'link'), dir.join('data', 'link', 'data')]) {
      for (const work of [
        () => restore(restoreRequest(dir, { dataDir }), recordedContext()),
        () => run(dir, { dataDir }),
      ]) {
        await assert.rejects(work(), {
          code: 'denied',
          message: /the link .*data\/link, which leads there, belongs to user 65534/,
        });
      }
    }
    assert.deepEqual(readdirSync(dir.join('roots')), []);
    // A link of root's own may lead anywhere.
    symlinkSync(dir.join('data'), dir.join('own-link'));
    await restore(restoreRequest(dir, { dataDir: dir.join('own-link') }), recordedContext());
    assertTheirs(dir.join('data', 'member'));
  });

  it('and the store, which only root can read, is read all the same', async () => {
    using dir = theirDir();
    const store = dir.join('secret');
    mkdirSync(store, { mode: 0o700 });
    assert.equal((await run(dir, { tempDir: path.join(store, 'temp') })).action, 'restored');
    assertTheirs(dir.join('data'));
  });
});
