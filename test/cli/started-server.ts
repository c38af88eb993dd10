import assert from 'node:assert/strict';
import { freePort } from '../../scripts/lab/free-port.ts';
import type { Rig, Running } from './rig.ts';

/** A server that listens, and a way to ask it. */
export interface StartedServer {
  readonly running: Running;
  get(path: string): Promise<{ readonly code: number; readonly body: string }>;
  /** Ends it with SIGTERM, which has to be a good end, and gives what it has logged. */
  stop(): Promise<string>;
}

/** Starts `etcdbrctl server` on a free port of this machine, with its directories below the rig's home. */
export async function startedServer(
  rig: Rig,
  { flags, env = {} }: { readonly flags: readonly string[]; readonly env?: Readonly<Record<string, string>> },
): Promise<StartedServer> {
  const port = await freePort();
  const running = rig.start(
    [
      'server',
      `--server-port=${port}`,
      '--listen-address=127.0.0.1',
      `--data-dir=${rig.home.join('etcd')}`,
      `--snapstore-temp-directory=${rig.home.join('temp')}`,
      ...flags,
    ],
    { env },
  );
  await running.saw(/Listening for HTTP/);
  return {
    running,
    get: async (path) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { code: response.status, body: await response.text() };
    },
    stop: async () => {
      running.kill('SIGTERM');
      const { exitCode, stderr } = await running.finished;
      assert.equal(exitCode, 0, stderr);
      return stderr;
    },
  };
}
