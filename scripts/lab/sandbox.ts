import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { startChild } from './child-process.ts';
import { compileCache } from './compile-cache.ts';
import { etcdRelease } from './etcd-release.ts';
import { freePort } from './free-port.ts';
import { projectRoot } from './project-root.ts';
import { SandboxUnits } from './sandbox-units.ts';
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

/** The ports that pages name: those of etcd, and of a second one. */
const pagePorts = [2379, 2380, 12379, 12380] as const;

/** Makes the machine and starts its etcd. `systemctl` knows the units `etcd` and `etcd-backup`, which is `snapshot` with the file of the package. */
export async function makeSandbox({
  program,
  environment: extra = {},
}: {
  /** An executable; the sources are run when left out. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
} = {}): Promise<Sandbox> {
  const root = makeTempDir();
  const ports: (readonly [page: string, here: string])[] = [];
  for (const port of pagePorts) {
    ports.push([`127.0.0.1:${port}`, `127.0.0.1:${await freePort()}`]);
  }
  const here = (port: number): string => `http://${ports.find(([page]) => page.endsWith(`:${port}`))?.[1] ?? ''}`;
  const url = here(2379);
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
  const { etcd, etcdctl, etcdutl } = await etcdRelease('3.5');
  const etcdFlags = ['--data-dir', root.join('var/lib/etcd'), '--unsafe-no-fsync'];
  const etcdUrls = [
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', here(2380)],
  ];
  const backupFlags = ['snapshot', '--config-file', root.join('etc/etcdbrctl/config.yaml')];
  const units = new SandboxUnits({
    etcd: {
      start: () => startChild(etcd, [...etcdFlags, ...etcdUrls], { env: environment }),
      isUp: async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok === true,
    },
    'etcd-backup': {
      start: () => startChild(root.join('bin/etcdbrctl'), backupFlags, { env: environment }),
      isUp: async (unit) => unit.output().includes('Full-'),
    },
  });
  writePrograms(root, {
    etcdbrctl: `exec ${program ?? `${process.execPath} ${projectRoot}src/main.ts`} "$@"`,
    etcd: `exec ${etcd} "$@"`,
    // It refuses what is given both ways.
    etcdctl: `case " $* " in *" --endpoints"*) unset ETCDCTL_ENDPOINTS;; esac; exec ${etcdctl} "$@"`,
    etcdutl: `exec ${etcdutl ?? 'false'} "$@"`,
    systemctl: askForUnit(await units.listen()),
  });
  const groups: number[] = [];
  await units.start('etcd');
  return {
    root,
    shell: (script) => {
      const placed = ports.reduce(
        (text, [page, real]) => text.replaceAll(new RegExp(`${page}\\b`, 'g'), real),
        script.replaceAll(places, `${root.path}/`),
      );
      return runBlock(placed, { cwd: root.path, environment, started: (group) => groups.push(group) });
    },
    plain: (output) =>
      ports.reduce((text, [page, real]) => text.replaceAll(real, page), output.replaceAll(root.path, '')),
    async [Symbol.asyncDispose]() {
      for (const group of groups) {
        try {
          process.kill(-group, 'SIGKILL');
        } catch {
          // Nothing of it is left.
        }
      }
      await units[Symbol.asyncDispose]();
      root[Symbol.dispose]();
    },
  };
}

function writePrograms(root: TempDir, programs: Readonly<Record<string, string>>): void {
  for (const directory of ['bin', 'etc', 'var/lib', 'var/tmp', 'home', 'backup', 'data', 'vault']) {
    mkdirSync(root.join(directory), { recursive: true });
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(root.join('bin', name), `#!/bin/bash\n${text}\n`);
    chmodSync(root.join('bin', name), 0o755);
  }
}

/** The shell program that has the unit, its last argument, started or stopped. */
function askForUnit(port: number): string {
  return `unit=\${*: -1}
exec 3<>/dev/tcp/127.0.0.1/${port}
echo "$1 \${unit%.service}" >&3
read -r answer <&3
[ "$answer" = ok ] || { echo "$answer" >&2; exit 1; }`;
}

async function runBlock(
  script: string,
  how: {
    readonly cwd: string;
    readonly environment: NodeJS.ProcessEnv;
    /** Is given the process group: what the block leaves running is found by it. */
    readonly started: (group: number) => void;
  },
): Promise<string> {
  const child = spawn('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], {
    cwd: how.cwd,
    env: how.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  how.started(child.pid ?? 0);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await once(child, 'exit');
  if (child.exitCode !== 0) {
    throw new Error(`exit code ${child.exitCode ?? child.signalCode} of\n${script}\n\n${output.slice(-4_000)}`);
  }
  return output;
}
