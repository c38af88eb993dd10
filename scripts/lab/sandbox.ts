import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Child, startChild } from './child.ts';
import { compileCache } from './compile-cache.ts';
import { etcdRelease } from './etcd-release.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { projectRoot } from './project-root.ts';
import { makeTempDir, type TempDir } from './temp-dir.ts';

/** A machine for the shell blocks of a page: its directories are below a temporary one, its etcd is a real one. */
export interface Sandbox extends AsyncDisposable {
  /** Below it are `/etc`, `/var`, `/backup` and the like of the page. */
  readonly root: TempDir;
  /** Runs a block. Throws with all that was printed unless it ends with 0. */
  shell(script: string): Promise<string>;
  /** What was printed, with the paths and ports as the page has them. */
  plain(output: string): string;
}

/** Directories that pages name from the root of the machine. */
const places = /(?<![\w./:-])\/(?=(?:etc|var|home|backup|data|vault|golden)\b)/g;

/** How long one block may take, ms. */
const patienceMs = 120_000;

/** Makes the machine and starts its etcd. `systemctl` knows the units `etcd` and `etcd-backup`, which is `snapshot` with the file of the package. */
export async function makeSandbox({
  program: etcdbrctl,
  environment: extra = {},
}: {
  /** An executable; the sources are run when left out. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
} = {}): Promise<Sandbox> {
  const root = makeTempDir();
  const { etcd, etcdctl, etcdutl } = await etcdRelease('3.5');
  const [client, peer, drillClient, drillPeer] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const url = `http://127.0.0.1:${client}`;
  const environment = {
    PATH: `${root.join('bin')}:${process.env['PATH'] ?? ''}`,
    HOME: root.path,
    TZ: 'UTC',
    ETCDCTL_API: '3',
    // In place of the address that both take by default.
    ETCDCTL_ENDPOINTS: url,
    ETCDBRCTL_ENDPOINTS: url,
    ...compileCache,
    ...extra,
  };
  for (const directory of ['bin', 'etc', 'var/lib', 'var/tmp', 'home', 'backup', 'data', 'vault']) {
    mkdirSync(root.join(directory), { recursive: true });
  }
  const units = new Map<string, Child>();
  const commands: Readonly<
    Record<string, { readonly start: () => Child; readonly isUp: (unit: Child) => Promise<boolean> }>
  > = {
    etcd: {
      start: () =>
        startChild(
          etcd,
          [
            ...[
              '--data-dir',
              root.join('var/lib/etcd'),
              '--unsafe-no-fsync',
              '--heartbeat-interval=50',
              '--election-timeout=500',
            ],
            ...['--listen-client-urls', url, '--advertise-client-urls', url],
            ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
          ],
          { env: environment },
        ),
      isUp: async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true,
    },
    'etcd-backup': {
      start: () =>
        startChild('etcdbrctl', ['snapshot', '--config-file', root.join('etc/etcdbrctl/config.yaml')], {
          env: environment,
        }),
      isUp: async (unit) => /Stored|stored|Full-/.test(unit.output()),
    },
  };
  const control = createServer((socket) => {
    socket.once('data', (data) => {
      const [verb = '', name = ''] = data.toString().trim().split(' ');
      const done = verb === 'stop' ? stop(name) : start(name);
      done.then(
        () => socket.end('ok\n'),
        (error: unknown) => socket.end(`${String(error)}\n`),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(control, 'listening');
  const address = control.address();
  const controlPort = typeof address === 'object' && address !== null ? address.port : 0;

  async function start(name: string): Promise<void> {
    const unit = commands[name];
    if (unit === undefined) {
      return;
    }
    const child = unit.start();
    units.set(name, child);
    await eventually(
      async () => {
        if (child.hasExited()) {
          throw new Error(`${name} has ended:\n${child.output()}`);
        }
        return (await unit.isUp(child)) ? true : undefined;
      },
      { timeoutMs: patienceMs, describe: () => `${name} does not start:\n${child.output()}` },
    );
  }
  async function stop(name: string): Promise<void> {
    await units.get(name)?.end('SIGTERM');
    units.delete(name);
  }

  const program = (name: string, text: string): void => {
    writeFileSync(root.join('bin', name), `#!/bin/bash\n${text}\n`);
    chmodSync(root.join('bin', name), 0o755);
  };
  program('etcdbrctl', `exec ${etcdbrctl ?? `${process.execPath} ${projectRoot}src/main.ts`} "$@"`);
  program('etcd', `exec ${etcd} "$@"`);
  // It refuses what is given both ways.
  program('etcdctl', `case " $* " in *" --endpoints"*) unset ETCDCTL_ENDPOINTS;; esac; exec ${etcdctl} "$@"`);
  program('etcdutl', `exec ${etcdutl ?? 'false'} "$@"`);
  program(
    'systemctl',
    `verb=$1; unit=\${*: -1}; exec 3<>/dev/tcp/127.0.0.1/${controlPort}; echo "$verb \${unit%.service}" >&3; read -r answer <&3; [ "$answer" = ok ] || { echo "$answer" >&2; exit 1; }`,
  );

  const groups: number[] = [];
  const shell = async (script: string): Promise<string> => {
    const placed = script
      .replaceAll(places, `${root.path}/`)
      .replaceAll('127.0.0.1:2379', `127.0.0.1:${client}`)
      .replaceAll('127.0.0.1:12379', `127.0.0.1:${drillClient}`)
      .replaceAll('127.0.0.1:12380', `127.0.0.1:${drillPeer}`);
    const child = spawn('bash', ['-e', '-u', '-o', 'pipefail', '-c', placed], {
      cwd: root.path,
      env: environment,
      // A group of its own: what a block leaves running is found by it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    });
    groups.push(child.pid ?? 0);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await once(child, 'exit');
    if (child.exitCode !== 0) {
      throw new Error(`exit code ${child.exitCode ?? child.signalCode} of\n${placed}\n\n${output.slice(-4_000)}`);
    }
    return output;
  };
  await start('etcd');
  return {
    root,
    shell,
    plain: (output) =>
      output
        .replaceAll(root.path, '')
        .replaceAll(`127.0.0.1:${client}`, '127.0.0.1:2379')
        .replaceAll(`127.0.0.1:${drillClient}`, '127.0.0.1:12379')
        .replaceAll(`127.0.0.1:${drillPeer}`, '127.0.0.1:12380'),
    async [Symbol.asyncDispose]() {
      for (const group of groups) {
        try {
          process.kill(-group, 'SIGKILL');
        } catch {
          // Nothing of it is left.
        }
      }
      for (const unit of [...units.values()].toReversed()) {
        await unit.end('SIGKILL');
      }
      control.close();
      root[Symbol.dispose]();
    },
  };
}
