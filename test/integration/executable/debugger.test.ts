import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { builtExecutable } from '../../../scripts/lab/executable.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';

/** Starts the program with an endpoint that never says a word, and gives it SIGUSR1; resolves with what it has said when it ends. */
async function withSigusr1(command: string): Promise<{ readonly stderr: string; readonly exitCode: number | null }> {
  using dir = makeTempDir();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const endpoints = `http://127.0.0.1:${address.port}`;
  const args = ['snapshot', '--once', '--endpoints', endpoints, '--store-container', dir.path, '--log-format', 'text'];
  const connected = once(server, 'connection');
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] } });
  try {
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close');
    const [socket] = await connected;
    child.kill('SIGUSR1');
    // The program goes on: it hears the next signal, after this one.
    child.kill('SIGTERM');
    await ended;
    socket.destroy();
    return { stderr, exitCode: child.exitCode };
  } finally {
    child.kill('SIGKILL');
    server.close();
  }
}

describe('SIGUSR1 opens no debugger and does not end the program', () => {
  for (const [what, command] of [
    ['started from source', () => `${projectRoot}bin/etcdbrctl-from-source`],
    ['as an executable', builtExecutable],
  ] as const) {
    it(what, async () => {
      const { stderr, exitCode } = await withSigusr1(command());
      assert.doesNotMatch(stderr, /[Dd]ebugger|inspector/);
      assert.match(stderr, /Received SIGTERM, stopping/);
      assert.equal(exitCode, 143);
    });
  }
});
