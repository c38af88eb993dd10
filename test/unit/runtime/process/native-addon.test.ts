import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, promises, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { actingAs } from '../../../../src/runtime/process/acting-as.ts';
import { loadAddon, loadAsset, loadBytes, safeIn } from '../../../../src/runtime/process/native-addon.ts';
import { unlessRoot } from '../../../support/context/skip-reasons.ts';

const module = `${projectRoot}.cache/native/flock-${process.platform}-${process.arch}.node`;

function hasTryLock(exports: unknown): boolean {
  return typeof exports === 'object' && exports !== null && 'tryLock' in exports;
}

describe('loadBytes', () => {
  it('says why it cannot be loaded', async () => {
    using dir = makeTempDir();
    const addon = await loadBytes(Buffer.from('no module'), [dir.join('missing'), dir.path]);
    assert.ok(!addon.loaded);
    assert.match(addon.reason, /invalid ELF header|file too short/);
    assert.deepEqual(readdirSync(dir.path), []);
  });

  it('loads a module again and again, and leaves nothing', async () => {
    using dir = makeTempDir();
    const bytes = readFileSync(module);
    for (let time = 0; time < 3; time++) {
      const addon = await loadBytes(bytes, [dir.path]);
      assert.ok(addon.loaded, JSON.stringify(addon));
      assert.ok(hasTryLock(addon.exports));
      assert.deepEqual(readdirSync(dir.path), []);
    }
  });

  it('loads a module where its file goes only when nothing maps it any more, as on NFS', async (t) => {
    using dir = makeTempDir();
    t.mock.method(promises, 'open', () => Promise.reject(new Error('EOPNOTSUPP: no files without a name')));
    t.mock.method(promises, 'rm', () => Promise.reject(new Error('ENOTEMPTY: directory not empty')));
    syncBuiltinESMExports();
    try {
      const addon = await loadBytes(readFileSync(module), [dir.path]);
      assert.ok(addon.loaded && hasTryLock(addon.exports), JSON.stringify(addon));
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
  });

  it('gives each of two modules what it exports, though their files had the same descriptor', async () => {
    using dir = makeTempDir();
    const other = readFileSync(module.replace('flock-', 'pages-'));
    const [flock, pages] = [await loadBytes(readFileSync(module), [dir.path]), await loadBytes(other, [dir.path])];
    assert.ok(flock.loaded && pages.loaded);
    assert.ok(hasTryLock(flock.exports));
    assert.ok(!hasTryLock(pages.exports) && Object.hasOwn(Object(pages.exports), 'dropPages'));
    const again = await loadBytes(Buffer.from('no module'), [dir.path]);
    assert.ok(!again.loaded, 'what cannot be loaded was taken for another one');
  });

  it('is not written to a directory that others may exchange, and goes on to the next', {
    skip: unlessRoot,
  }, async () => {
    using dir = makeTempDir();
    const bytes = readFileSync(module);
    chmodSync(dir.path, 0o755);
    for (const name of ['theirs', 'shared', 'sticky']) {
      mkdirSync(dir.join(name));
    }
    chownSync(dir.join('theirs'), 65_534, 65_534);
    mkdirSync(dir.join('shared', 'below'));
    chmodSync(dir.join('shared'), 0o777);
    chmodSync(dir.join('sticky'), 0o1777);
    mkdirSync(dir.join('theirs', 'below'));
    symlinkSync('theirs', dir.join('link'));
    for (const name of ['theirs', 'theirs/below', 'shared/below', 'link', 'missing']) {
      assert.equal(await safeIn(dir.join(name)), 'nothing', name);
      const addon = await loadBytes(bytes, [dir.join(name)]);
      assert.ok(!addon.loaded);
      assert.match(addon.reason, /others may change what is in/);
    }
    assert.equal(await safeIn(dir.join('sticky')), 'files');
    assert.ok((await loadBytes(bytes, [dir.join('theirs'), dir.join('sticky')])).loaded);
  });

  it('is written to the directory that was looked at, wherever a link leads by then', {
    skip: unlessRoot,
  }, async (t) => {
    using dir = makeTempDir();
    chmodSync(dir.path, 0o755);
    mkdirSync(dir.join('ours'));
    mkdirSync(dir.join('theirs'));
    chownSync(dir.join('theirs'), 65_534, 65_534);
    symlinkSync('ours', dir.join('link'));
    const { realpath } = promises;
    t.mock.method(promises, 'realpath', async (path: string) => {
      const real = await realpath(path);
      rmSync(dir.join('link'));
      symlinkSync('theirs', dir.join('link'));
      return real;
    });
    const made = t.mock.method(promises, 'mkdtemp');
    t.mock.method(promises, 'open', () => Promise.reject(new Error('EOPNOTSUPP: no files without a name')));
    syncBuiltinESMExports();
    try {
      const addon = await loadBytes(readFileSync(module), [dir.join('link')]);
      assert.ok(addon.loaded && hasTryLock(addon.exports), JSON.stringify(addon));
      assert.deepEqual(
        made.mock.calls.map(({ arguments: [prefix] }) => prefix),
        [dir.join('ours/.etcdbrctl-')],
      );
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
  });

  it('has no name where others may write, as in a volume emptyDir of Kubernetes; else it is not loaded there', {
    skip: unlessRoot,
  }, async (t) => {
    using dir = makeTempDir();
    const bytes = readFileSync(module);
    chmodSync(dir.path, 0o755);
    const volume = dir.join('volume');
    mkdirSync(volume);
    // With the group of the pod, as `fsGroup` gives it.
    chownSync(volume, 0, 65_534);
    chmodSync(volume, 0o2777);
    assert.equal(await safeIn(volume), 'files without a name');
    const made = t.mock.method(promises, 'mkdtemp');
    syncBuiltinESMExports();
    try {
      const addon = await loadBytes(bytes, [volume]);
      assert.ok(addon.loaded && hasTryLock(addon.exports), JSON.stringify(addon));
      // A file system of theirs may give other bytes than were written.
      const fuse = t.mock.method(promises, 'statfs', async () => ({ type: 0x65735546 }));
      syncBuiltinESMExports();
      const refused = await loadBytes(bytes, [volume]);
      assert.ok(!refused.loaded);
      assert.match(refused.reason, /a file system of another user/);
      assert.equal(fuse.mock.callCount(), 1);
      t.mock.method(promises, 'open', () => Promise.reject(new Error('EOPNOTSUPP: no files without a name')));
      syncBuiltinESMExports();
      const named = await loadBytes(bytes, [volume]);
      assert.deepEqual(named, { loaded: false, reason: 'EOPNOTSUPP: no files without a name' });
      assert.equal(made.mock.callCount(), 0, 'nothing that has a name was made');
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
  });

  it('is not loaded while root acts as another user', { skip: unlessRoot }, async () => {
    using dir = makeTempDir();
    chmodSync(dir.path, 0o755);
    mkdirSync(dir.join('theirs'));
    chownSync(dir.join('theirs'), 65_534, 65_534);
    await actingAs({ uid: 65_534, gid: 65_534 }, async () => {
      const addon = await loadAddon({ asset: 'flock.node', file: () => module });
      assert.deepEqual(addon, { loaded: false, reason: 'it is not loaded while acting as another user' });
      assert.equal(await safeIn(dir.join('theirs')), 'nothing');
    });
  });
});

describe('loadAsset', () => {
  const calls = async (asset: string, bytes: Uint8Array, options: { readonly hasSubstitute?: boolean }) => {
    using dir = makeTempDir();
    let count = 0;
    const load = () =>
      loadAsset({ asset, ...options }, () => {
        count += 1;
        return bytes;
      }, [dir.path]);
    const addons = [...(await Promise.all([load(), load()])), await load()];
    return { count, loaded: addons.map(({ loaded }) => loaded) };
  };

  it('loads a module once, however often it is asked for', async () => {
    const found = await calls('one', readFileSync(module), {});
    assert.deepEqual(found, { count: 1, loaded: [true, true, true] });
  });

  it('tries again what could not be loaded and is needed', async () => {
    const found = await calls('needed', Buffer.from('no module'), {});
    assert.deepEqual(found, { count: 2, loaded: [false, false, false] });
  });

  it('does not try again what could not be loaded and has a substitute: each member of each object asks for it', async () => {
    const found = await calls('replaced', Buffer.from('no module'), { hasSubstitute: true });
    assert.deepEqual(found, { count: 1, loaded: [false, false, false] });
  });
});
