import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { startInProcess } from '../support/cli/run-in-process.ts';
import { goldenDatabase } from '../support/datadir/golden.ts';

const WANTED = 'give a full snapshot, or the db of a data directory \\(member/snap/db\\)';

/** What is given by mistake, and what is said of it. */
const FILES: Readonly<Record<string, readonly [bytes: Uint8Array, said: string]>> = {
  'a program': [Buffer.from('\x7fELF\x02\x01\x01\0\0\0'), `it is a program; ${WANTED}`],
  'a database of SQLite': [
    Buffer.from('SQLite format 3\0\x10\0'),
    `it is a database of SQLite, not of etcd; ${WANTED}`,
  ],
  zeros: [
    Buffer.alloc(200_000),
    `it is not a snapshot of etcd: it begins with zeros, not as a database; ${WANTED}; if`,
  ],
  noise: [
    Buffer.alloc(999, 0xab),
    `it is not a snapshot of etcd: it begins with the bytes (ab ){7}ab, not as a database; `,
  ],
  'text, compressed': [gzipSync('hello\n'), `expanded, it is text; ${WANTED}`],
};

/** What is no file at all. */
const OTHERS = ['pipe', 'socket', 'directory'] as const;

const COMMANDS: Readonly<Record<string, (file: string, dir: TempDir) => readonly string[]>> = {
  status: (file) => ['status', file],
  'restore --file': (file, dir) => ['restore', '--file', file, '-d', dir.join('data'), ...scratch(dir)],
  'restore --file --skip-hash-check': (file, dir) => [
    ...['restore', '--file', file, '-d', dir.join('data'), '--skip-hash-check'],
    ...scratch(dir),
  ],
  get: (file) => ['get', '--file', file, 'key'],
  ls: (file) => ['ls', '--file', file, '/'],
  history: (file) => ['history', '--file', file, 'key'],
  diff: (file, dir) => ['diff', file, dir.join('sound')],
  'diff, as its second': (file, dir) => ['diff', dir.join('sound'), file],
  export: (file, dir) => ['export', '--file', file, '--to', dir.join('export'), '/'],
};

function scratch(dir: TempDir): readonly string[] {
  return ['--restoration-temp-snapshots-dir', dir.join('temp')];
}

describe('a file that is no snapshot', () => {
  let dir: TempDir;
  const server = createServer();
  before(async () => {
    dir = makeTempDir();
    for (const [name, [bytes]] of Object.entries(FILES)) {
      writeFileSync(dir.join(name), bytes);
    }
    writeFileSync(dir.join('sound'), goldenDatabase('etcd-3.5/gzip'));
    execFileSync('mkfifo', [dir.join('pipe')]);
    mkdirSync(dir.join('directory'));
    await new Promise<void>((resolve) => server.listen(dir.join('socket'), resolve));
  });
  after(() => {
    server.close();
    dir[Symbol.dispose]();
  });

  const failing = async (args: readonly string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await startInProcess(args).ended;
    assert.equal(exitCode, 1, stderr);
    assert.equal(stdout, '');
    assert.ok(!existsSync(dir.join('data')) && !existsSync(dir.join('export')), 'something is left');
    return stderr;
  };

  for (const [command, argsOf] of Object.entries(COMMANDS)) {
    for (const [name, [, said]] of Object.entries(FILES)) {
      it(`is called what it is by ${command}: ${name}`, async () => {
        const stderr = await failing(argsOf(dir.join(name), dir));
        assert.match(stderr, new RegExp(`^error: cannot read ${dir.join(name)}: ${said}[^\\n]*\\n$`, 'm'));
        assert.equal(stderr.split(dir.join(name)).length, 2, `the path stands in it twice: ${stderr}`);
      });
    }
    for (const name of OTHERS) {
      it(`is called what it is by ${command}: a ${name}`, async () => {
        const stderr = await failing(argsOf(dir.join(name), dir));
        const line = stderr.trimEnd().split('\n').at(-1) ?? '';
        assert.match(
          line,
          new RegExp(`^error: cannot read ${dir.join(name)}: (it is a ${name}|the directory is empty)`),
        );
        assert.match(line, /; give .*(full snapshot|member\/snap\/db)/);
        assert.equal(line.split(dir.join(name)).length, 2, `the path stands in it twice: ${line}`);
      });
    }
  }
});
