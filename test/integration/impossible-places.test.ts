import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { startInProcess } from '../support/cli/run-in-process.ts';
import { noMounts, unlessLinux, unlessRoot } from '../support/context/skip-reasons.ts';
import { directoryContents } from '../support/fixtures/directory-contents.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';

const BACKUP = 'etcd-3.5/gzip';
const STORE = [`--storage-provider=Local`, `--store-container=${goldenStorePath(BACKUP)}`, '--store-prefix=etcd-main'];
const FULL = `${goldenStorePath(BACKUP)}/etcd-main/v2/Full-00000000-00000058-1795251532.gz`;

const COMMANDS: Readonly<Record<string, (place: string, dir: TempDir) => readonly string[]>> = {
  'restore -d': (place) => ['restore', ...STORE, '-d', place],
  'initialize -d': (place) => ['initialize', ...STORE, '-d', place],
  'restore --wal-dir': (place, dir) => ['restore', ...STORE, '-d', dir.join('own/data'), '--wal-dir', place],
  'restore, temporary files': (place, dir) => [
    ...['restore', ...STORE, '-d', dir.join('own/data')],
    ...['--restoration-temp-snapshots-dir', place],
  ],
  'status --temp-dir': (place) => ['status', '--temp-dir', place, FULL],
  'get --file --temp-dir': (place) => ['get', '--file', FULL, '--temp-dir', place, 'key'],
  'ls --temp-dir': (place) => ['ls', ...STORE, '--temp-dir', place, '/'],
  'export --to': (place) => ['export', ...STORE, '--to', place, '/'],
};

/** Places in which nothing can be made, the one cause that is named, and what to do. */
const PLACES: Readonly<
  Record<string, { at(dir: TempDir): string; cause: string; advice: string; skip?: string | false }>
> = {
  'in /proc': {
    at: () => '/proc/etcdbrctl',
    cause: 'the file system of /proc takes no new files or directories',
    advice: 'choose a path on another one',
    skip: unlessLinux,
  },
  'in /sys': {
    at: () => '/sys/etcdbrctl',
    cause: '(the operation is not permitted|permission is denied)',
    advice:
      'check owner(, mode and attributes \\(lsattr\\) of the directory, or choose another path| and mode of the directory)',
    skip: unlessRoot,
  },
  'a file': {
    at: (dir) => dir.join('file'),
    cause:
      '(it is a file, not a directory|a file of this name is in the way|a part of the path is no directory|it exists)',
    advice: '(choose another path|remove it or give another path; nothing is overwritten)',
  },
  'below a file': {
    at: (dir) => dir.join('file/x/y'),
    cause:
      '(\\S+/file is a file, not a directory|a file of this name is in the way|a part of the path is no directory)',
    advice: 'choose another path',
  },
  'of a long name': {
    at: (dir) => dir.join('a'.repeat(300), 'x'),
    cause: 'the name is too long',
    advice: 'choose a shorter one',
  },
  'in a circle of links': {
    at: (dir) => dir.join('circle/x'),
    cause: 'a symbolic link is where none may be, or links lead in a circle',
    advice: 'put what it leads to in its place',
  },
  'on a read-only volume': {
    at: (dir) => dir.join('read-only/x'),
    cause: 'the file system is read-only',
    advice: 'mount it writable',
  },
  'on a full volume': {
    at: (dir) => dir.join('full/x'),
    cause: 'no space is left on the volume(: [^;]+)?',
    advice: 'free some space or use a larger volume(, or choose another --temp-dir)?',
  },
};

const skip = await whyNoMounts();

async function whyNoMounts(): Promise<string | false> {
  using dir = makeTempDir();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir.path]);
    await run('umount', [dir.path]);
    return false;
  } catch (error) {
    return noMounts(error);
  }
}

describe('a place where nothing can be made', { skip }, () => {
  let dir: TempDir;
  before(async () => {
    dir = makeTempDir();
    writeFileSync(dir.join('file'), 'mine');
    symlinkSync('circle', dir.join('circle'));
    mkdirSync(dir.join('own'));
    for (const [name, size] of [
      ['read-only', '64k'],
      ['full', '28k'],
    ] as const) {
      mkdirSync(dir.join(name));
      await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir.join(name)]);
    }
    writeFileSync(dir.join('full/fill'), Buffer.alloc(16 * 1024));
    await run('mount', ['-o', 'remount,ro', dir.join('read-only')]);
  });
  after(() => {
    for (const name of ['read-only', 'full']) {
      execFileSync('umount', [dir.join(name)]);
    }
    dir[Symbol.dispose]();
  });

  for (const [command, argsOf] of Object.entries(COMMANDS)) {
    for (const [where, { at, cause, advice, skip: unless = false }] of Object.entries(PLACES)) {
      it(`is named with its cause and what to do, and nothing is left: ${command}, ${where}`, {
        skip: unless,
      }, async () => {
        const before = directoryContents(dir.path);
        const place = at(dir);
        const { stdout, stderr, exitCode } = await startInProcess(argsOf(place, dir)).ended;
        assert.equal(exitCode, 1, stderr);
        assert.equal(stdout, '');
        const line = stderr.trimEnd().split('\n').at(-1) ?? '';
        assert.match(line, new RegExp(`^error: cannot [a-z -]+ ${place}\\S*: ${cause}; ${advice}( \\(at [^)]*\\))?$`));
        assert.deepEqual(directoryContents(dir.path), before);
      });
    }
  }
});
