import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { eventually } from '../../scripts/lab/eventually.ts';
import { freePort } from '../../scripts/lab/free-port.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import { largeChain } from '../support/fixtures/large-chain.ts';
import { startS3Server } from '../support/servers/s3-server.ts';
import { startSilentServer } from '../support/servers/silent-server.ts';
import { makeRig, type Rig } from './rig.ts';
import { s3Place } from './s3-place.ts';

describe('a command that is interrupted', () => {
  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`by ${signal} says so and ends with ${exitCode}`, async () => {
      await using rig = makeRig();
      await using server = await startSilentServer();
      const args = [
        'snapshot',
        '--once',
        '--log-format=text',
        '--endpoints',
        server.url,
        '--store-container',
        rig.home.path,
      ];
      const running = rig.start(args);
      await server.connected;
      running.kill(signal);
      const { stdout, stderr, exitCode: code } = await running.finished;
      assert.match(stderr, new RegExp(`^INFO\\[\\d{4}\\] Received ${signal}, stopping`, 'm'));
      assert.match(stderr, new RegExp(`\\nerror: interrupted by ${signal}\\n$`));
      assert.equal(stdout, '');
      assert.equal(code, exitCode);
    });
  }
});

/**
 * Arguments for Node with which the program gets a signal when it has begun and no command listens yet, or when it is done and about to
 * end. By default a signal ends a process, and the first process of a container never hears of one that it does not listen to.
 */
function signalled(when: 'early' | 'late', signal: NodeJS.Signals): readonly string[] {
  const send = `process.kill(process.pid, '${signal}')`;
  const script =
    when === 'early'
      ? `const { on } = process; process.on = function (name, ...more) { if (name === 'uncaughtException') ${send}; return on.call(this, name, ...more); };`
      : `const { exit } = process; process.exit = (code) => { ${send}; setTimeout(() => exit.call(process, code), 50); };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

describe('a signal that no command listens to', () => {
  it('is kept for the command when it comes early', async () => {
    await using rig = makeRig();
    const args = ['list', '--log-format=text', '--store-container', goldenStorePath('etcd-3.5/gzip')];
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      const ended = await rig.run(args, { nodeArguments: signalled('early', signal) });
      assert.equal(ended.exitCode, code, ended.stderr);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, new RegExp(`^error: interrupted by ${signal}\n$`, 'm'));
    }
  });

  it('ends a server with 0 when it comes early', async () => {
    await using rig = makeRig();
    const args = ['server', '--server-port=0', '--listen-address=127.0.0.1', '--data-dir', rig.home.join('etcd')];
    const { exitCode, stderr } = await rig.run(args, { nodeArguments: signalled('early', 'SIGTERM') });
    assert.equal(exitCode, 0, stderr);
  });

  it('changes nothing when it comes late', async () => {
    await using rig = makeRig();
    const place = ['--store-container', goldenStorePath('etcd-3.5/gzip'), '--store-prefix=etcd-main'];
    const ended = await rig.run(['list', '-o', 'json', ...place], { nodeArguments: signalled('late', 'SIGTERM') });
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.ok(JSON.parse(ended.stdout));
  });
});

describe('a second signal', () => {
  it('ends a command whose threads are at work with the code of the signal', async () => {
    await using rig = makeRig();
    await using server = await startS3Server();
    for (const { key, bytes } of largeChain().objects) {
      server.objects.set(key, { size: bytes.length, bytes: Buffer.from(bytes), modifiedAt: Date.now() });
    }
    server.fault(({ operation, count }) => (operation === 'GetObject' && count > 4 ? { kind: 'stall' } : undefined));
    const { flags, env } = s3Place(rig, server.endpoint);
    const running = rig.start(['restore', '-d', 'data', ...flags, '--log-format=text'], { env });
    await eventually(() => ((server.calls.get('GetObject') ?? 0) > 4 ? true : undefined), {
      describe: running.stderr,
    });
    running.kill('SIGTERM');
    running.kill('SIGINT');
    const { exitCode, stderr } = await running.finished;
    assert.ok(exitCode === 130 || exitCode === 143, `${exitCode}\n${stderr}`);
    assert.match(stderr, /^error: interrupted by SIG(TERM|INT)\n$/m);
    assert.match(stderr, /\nerror: [^\n]*\n$/, 'which is the last line');
    assert.equal(stderr.match(/^error: /gm)?.length, 1);
  });
});

describe('an endpoint that nobody answers at', () => {
  it('is one clear line', async () => {
    await using rig = makeRig();
    const port = await freePort();
    const args = [
      'snapshot',
      '--once',
      '--log-format=text',
      '--etcd-connection-timeout=2s',
      '--store-container',
      rig.home.path,
    ];
    const { stdout, stderr, exitCode } = await rig.run([...args, '-e', `http://127.0.0.1:${port}`]);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
    assert.equal(errors.length, 1, stderr);
    assert.match(errors[0] ?? '', new RegExp(`127\\.0\\.0\\.1:${port}`));
    assert.doesNotMatch(stderr, /\n {4}at /);
  });
});

/**
 * Arguments for Node with which `threads` of the four threads for files begin to wait for a pipe without a writer, as they would for a
 * mount that hangs, once the program has written its first line. Nothing but SIGKILL ends such a thread.
 */
function hangingThreads(rig: Rig, threads: number): readonly string[] {
  const fifo = rig.home.join('fifo');
  execFileSync('mkfifo', [fifo]);
  const script = `
    import { open } from 'node:fs';
    const { stderr } = process;
    const write = stderr.write.bind(stderr);
    stderr.write = (...line) => {
      stderr.write = write;
      for (let thread = 0; thread < ${threads}; thread++) open(${JSON.stringify(fifo)}, () => {});
      return write(...line);
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}

describe('a thread that hangs in the file system', () => {
  it('does not hold up the end after a failure', async () => {
    await using rig = makeRig();
    const running = rig.start(['list', '--no-such-flag'], { nodeArguments: hangingThreads(rig, 1) });
    const { stderr, signal } = await running.finished;
    assert.match(stderr, /^error: /m);
    assert.equal(signal, 'SIGKILL');
  });

  for (const [why, more, patternOfLast, withinMs] of [
    ['a second signal', true, /Received SIGTERM again, stopping at once/, 8_000],
    ['the end of the grace period', false, /Not stopped 10 s after SIGTERM, giving up/, 40_000],
  ] as const) {
    it(`does not hold up ${why}`, async () => {
      await using rig = makeRig();
      const source = [
        '--source-store-container',
        goldenStorePath('etcd-3.5/gzip'),
        '--source-store-prefix',
        'etcd-main',
      ];
      const stores = [...source, '--store-container', rig.home.join('copy')];
      const nodeArguments = hangingThreads(rig, 4);
      const running = rig.start(['copy', '--log-format=text', ...stores], { nodeArguments });
      await running.saw(/INFO/);
      running.kill('SIGTERM');
      await running.saw(/Received SIGTERM, stopping/);
      const begun = performance.now();
      if (more) {
        running.kill('SIGTERM');
      }
      const { stderr, signal } = await running.finished;
      assert.match(stderr, patternOfLast);
      assert.match(stderr, /\nerror: interrupted by SIGTERM\n$/);
      assert.equal(signal, 'SIGKILL');
      assert.ok(performance.now() - begun < withinMs);
    });
  }
});
