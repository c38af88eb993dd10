import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeRig } from './rig.ts';

const commands = [
  'snapshot',
  'restore',
  'initialize',
  'compact',
  'copy',
  'list',
  'status',
  'verify',
  'prune',
  'check-store',
  'server',
] as const;

const version = /^etcdbrctl Version: \S+\nGit SHA: \S+\nRuntime Version: node v\d+\.\d+\.\d+\nOS\/Arch: \S+\/\S+\n$/;

describe('the version', () => {
  for (const args of [['--version'], ['-v'], ['version']]) {
    it(`is printed by ${args.join(' ')}`, async () => {
      await using rig = makeRig();
      const { stdout, stderr, exitCode } = await rig.run(args);
      assert.match(stdout, version);
      assert.equal(stderr, '');
      assert.equal(exitCode, 0);
    });
  }
});

describe('the version for scripts', () => {
  it('is JSON', async () => {
    await using rig = makeRig();
    for (const args of [['-o', 'json'], ['--output=json']]) {
      const { stdout, exitCode } = await rig.run(['version', ...args]);
      assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['version', 'gitSha', 'runtime', 'platform']);
      assert.equal(exitCode, 0);
    }
  });
});

describe('help', () => {
  for (const args of [
    [],
    ['--help'],
    ['-h'],
    ['help'],
    ['snapshot', '--help-all'],
    ['help', 'restore', '--help-all'],
    ...commands.map((name, at) => (at % 2 === 0 ? [name, '--help'] : ['help', name])),
  ]) {
    it(`of ${args.join(' ')} fits a terminal of 80 columns`, async () => {
      await using rig = makeRig();
      const { stdout, stderr, exitCode } = await rig.run(args);
      assert.equal(stderr, '');
      assert.equal(exitCode, 0);
      assert.match(stdout, /^Usage: etcdbrctl /);
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 80),
        [],
      );
      assert.match(stdout, /ETCDBRCTL_[A-Z_]+ for --[a-z-]+\./);
    });
  }

  it('shows own flags first, and the rest only when asked', async () => {
    await using rig = makeRig();
    const { stdout: common } = await rig.run(['snapshot', '--help']);
    const { stdout: all } = await rig.run(['snapshot', '--help-all']);
    assert.ok(common.indexOf('\nSnapshots:') < common.indexOf('\nStore:'));
    assert.ok(common.split('\n').length + 40 < all.split('\n').length);
    assert.doesNotMatch(common, /--backoff-multiplier|--min-chunk-size/);
    assert.match(common, /--help-all +Show \d+ more flags/);
    assert.match(all, /--backoff-multiplier/);
    assert.match(all, /--min-chunk-size/);
  });

  it('of commands without options says what they do', async () => {
    await using rig = makeRig();
    assert.match((await rig.run(['completion', '--help'])).stdout, /^Usage: etcdbrctl completion bash\|zsh\|fish\n/);
    assert.match((await rig.run(['help', 'version'])).stdout, /^Usage: etcdbrctl version/);
  });

  it('of the program names every command with one line', async () => {
    await using rig = makeRig();
    const { stdout } = await rig.run(['--help']);
    for (const name of [...commands, 'completion', 'version']) {
      assert.match(stdout, new RegExp(`^ {2}${name} +\\w`, 'm'));
    }
  });
});

describe('help for a word that is no command', () => {
  for (const [word, remedy] of [
    ['snpashot', /"snpashot": there is no such command; did you mean snapshot\? see etcdbrctl --help/],
    ['nothing-like-it', /"nothing-like-it": there is no such command; see etcdbrctl --help/],
  ] as const) {
    it(`is one line and 2: ${word}`, async () => {
      await using rig = makeRig();
      const { stdout, stderr, exitCode } = await rig.run(['help', word]);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, remedy);
      assert.equal(stderr.split('\n').length, 2);
    });
  }

  it('is the general help for help', async () => {
    await using rig = makeRig();
    const { stdout: general } = await rig.run(['--help']);
    const { stdout, stderr, exitCode } = await rig.run(['help', 'help']);
    assert.deepEqual([stdout, stderr, exitCode], [general, '', 0]);
  });
});

describe('a result that cannot be written', () => {
  const everyKind = [
    ['--version'],
    ['version'],
    ['--help'],
    ['help', 'list'],
    ['list', '--help'],
    ['completion', 'bash'],
    ['restore', '--print-config'],
  ] as const;
  for (const args of everyKind) {
    it(`is an error: etcdbrctl ${args.join(' ')}`, async () => {
      await using rig = makeRig();
      const { stderr, exitCode } = await rig.run(args, { shell: 'exec "$@" >/dev/full' });
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^error: cannot write the result: no space is left there \(ENOSPC\); send stdout elsewhere\n$/,
      );
    });
  }

  it('of a command that does something says that this stays done', async () => {
    await using rig = makeRig();
    const shell = 'exec "$@" >/dev/full';
    const { stderr, exitCode } = await rig.run(['list', '--store-container', rig.home.path, '--log-format=text'], {
      shell,
    });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^error: cannot write the result: .*; send stdout elsewhere; what the command did before stays done$/m,
    );
  });

  it('is an error also when a part of it was taken', async () => {
    await using rig = makeRig();
    const options = { shell: 'ulimit -f 1; exec "$@" >out' };
    const { stderr, exitCode } = await rig.run(['snapshot', '--help'], options);
    assert.equal(exitCode, 1);
    assert.match(stderr, /^error: cannot write the result: no file may be this large there \(EFBIG\); /);
    assert.ok(statSync(rig.home.join('out')).size > 0);
  });

  it('is no error when only logs cannot be written', async () => {
    await using rig = makeRig();
    const flags = ['--store-container', rig.home.path];
    for (const shell of ['exec "$@" 2>/dev/full', 'exec "$@" 2>&-']) {
      const { stdout, exitCode } = await rig.run(['list', ...flags, '--log-level=debug'], { shell });
      assert.equal(exitCode, 0);
      assert.match(stdout, /no snapshot/);
    }
  });
});

describe('a stdout that is closed', () => {
  it('is one that nobody reads', async () => {
    await using rig = makeRig();
    for (const args of [['--version'], ['list', '--help'], ['list', '--store-container', rig.home.path]]) {
      const { stderr, exitCode } = await rig.run(args, { shell: 'exec "$@" >&-' });
      assert.doesNotMatch(stderr, /error|\n {4}at /);
      assert.equal(exitCode, 0);
    }
  });
});

describe('a reader that goes away', () => {
  it('is no error', async () => {
    await using rig = makeRig();
    const running = rig.start(['snapshot', '--help']);
    running.closeStdout();
    const { stderr, exitCode } = await running.finished;
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
  });
});
