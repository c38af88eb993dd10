import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePort } from '../../scripts/lab/free-port.ts';
import { makeRig } from './rig.ts';

/** A server that takes connections and never says a word. */
async function silentServer() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const connected = once(server, 'connection');
  const sockets: { destroy(): unknown }[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  return {
    url: `http://127.0.0.1:${address.port}`,
    connected,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a command that is interrupted', () => {
  for (const [signal, exitCode] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`by ${signal} says so and ends with ${exitCode}`, async () => {
      await using rig = makeRig();
      await using server = await silentServer();
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
