import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { eventually } from '../../scripts/lab/eventually.ts';

/** How a process of the image runs, as a container runtime would start it. */
export interface ContainerOptions {
  /** `uid:gid`; by default that of the image. */
  readonly user?: string;
  /** Environment beyond the image's PATH. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Directories or files of this machine by their paths in the container. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** What runs instead of the entry point, looked up in PATH. */
  readonly command?: string;
}

/** What a process has printed, and how it ended. */
export interface ContainerOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** The files of the image, as `scripts/test-image.sh` gives them. */
export const imageRoot = env['IMAGE_ROOT'] ?? '';

/**
 * Runs in namespaces of its own, so that mounts and processes are gone at the end. The root is read-only; /proc and /dev are there,
 * and the network of this machine with its names. Nothing in /dev/shm can be executed, as container runtimes have it.
 */
const enter = `
set -e
root=$1 user=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done
shift
mount --rbind /dev "$root/dev"
mount -t tmpfs -o nosuid,nodev,noexec shm "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec /usr/sbin/chroot --userspec="$user" --groups= "$root" "$@"
`;

function commandLine(args: readonly string[], options: ContainerOptions): readonly string[] {
  const { user = '65532:65532', volumes = {}, command = '/etcdbrctl' } = options;
  const mounts = Object.entries({ '/etc/hosts': '/etc/hosts', '/etc/resolv.conf': '/etc/resolv.conf', ...volumes });
  for (const [inside, outside] of mounts) {
    mountPoint(join(imageRoot, inside), outside);
  }
  for (const directory of ['proc', 'dev']) {
    mkdirSync(join(imageRoot, directory), { recursive: true });
  }
  const binds = mounts.flatMap(([inside, outside]) => [outside, inside]);
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, 'enter'];
  return [...unshare, imageRoot, user, ...binds, '--', command, ...args];
}

/** What a runtime makes in the image for a mount. */
function mountPoint(path: string, outside: string): void {
  spawnSync('sh', [
    '-c',
    'if [ -d "$2" ]; then mkdir -p "$1"; else mkdir -p "$(dirname "$1")"; touch -a "$1"; fi',
    'sh',
    path,
    outside,
  ]);
}

function environment({ variables = {} }: ContainerOptions): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', ...variables };
}

/** Runs a process of the image to its end. */
export function runContainer(args: readonly string[], options: ContainerOptions = {}): ContainerOutput {
  const { stdout, stderr, status } = spawnSync('/usr/bin/unshare', commandLine(args, options), {
    env: environment(options),
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { stdout, stderr, status };
}

/** A process of the image that goes on. Disposing kills it. */
export interface RunningContainer extends AsyncDisposable {
  stderr(): string;
  /** Resolves when it has ended. */
  readonly ended: Promise<ContainerOutput>;
  /** To the first process of the container, as its runtime sends it. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a process of the image, which is the first of its namespace. */
export async function startContainer(
  args: readonly string[],
  options: ContainerOptions = {},
): Promise<RunningContainer> {
  const child = spawn('/usr/bin/unshare', commandLine(args, options), {
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(() => ({ stdout, stderr, status: child.exitCode }));
  const first = await eventually(() => {
    if (child.exitCode !== null) {
      return 0;
    }
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    return Number(pid) || undefined;
  });
  return {
    stderr: () => stderr,
    ended,
    signal: (name) => {
      process.kill(first, name);
    },
    [Symbol.asyncDispose]: async () => {
      // It outlives the one that made its namespace: the kernel forgets `--kill-child` when it becomes another user.
      if (child.exitCode === null && child.signalCode === null && first !== 0) {
        process.kill(first, 'SIGKILL');
      }
      await ended;
    },
  };
}
