import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildTarget } from './executable.ts';

/** The npm package of a Node that executables are made of. */
export interface NodeRuntime {
  /** Absolute path of the unpacked package. */
  readonly directory: string;
  /** What package-lock.json calls it. */
  readonly lockName: string;
  readonly target: BuildTarget;
}

/** What Debian's cross tools for an architecture need as `-L` of the emulator: its libc and libstdc++. */
const foreign: Readonly<Record<string, { readonly emulator: readonly string[]; readonly strip: string }>> = {
  arm64: { emulator: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'], strip: 'aarch64-linux-gnu-strip' },
  x64: { emulator: ['qemu-x86_64', '-L', '/usr/x86_64-linux-gnu'], strip: 'x86_64-linux-gnu-strip' },
};

/**
 * The Node of an architecture: the one that npm has installed, or another one of package-lock.json, which is fetched into
 * .cache/runtimes and compared with the hash in that file. Throws for an architecture that has none.
 */
export function nodeRuntime(root: string, arch: string): NodeRuntime {
  if (arch === process.arch) {
    const name = readdirSync(join(root, 'node_modules')).find((each) => /^node(-bin)?-(linux|darwin)-/.test(each));
    if (name === undefined) {
      throw new Error('npm has installed no Node: run make install');
    }
    return {
      directory: realpathSync(join(root, 'node_modules', name)),
      lockName: `node_modules/${name}`,
      target: { node: process.execPath, emulator: [], strip: 'strip' },
    };
  }
  const tools = foreign[arch];
  if (tools === undefined || process.platform !== 'linux') {
    throw new Error(`an executable for ${arch} cannot be built on ${process.platform}-${process.arch}`);
  }
  const name = `node-linux-${arch}`;
  const directory = fetched(root, name);
  return {
    directory,
    lockName: `node_modules/${name}`,
    target: { node: join(directory, 'bin/node'), ...tools },
  };
}

function fetched(root: string, name: string): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
  };
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) {
    throw new Error(`package-lock.json has no ${name}`);
  }
  const parent = join(root, '.cache/runtimes');
  const directory = join(parent, `${name}-${version}`);
  if (!existsSync(directory)) {
    const work = `${directory}.${process.pid}`;
    mkdirSync(work, { recursive: true });
    execFileSync('npm', ['pack', '--silent', '--pack-destination', work, `${name}@${version}`], { cwd: root });
    const archive = join(work, `${name}-${version}.tgz`);
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) {
      throw new Error(`${name}@${version} is not the one of package-lock.json: ${found}, not ${integrity}`);
    }
    execFileSync('tar', ['-xzf', archive, '-C', work]);
    renameSync(join(work, 'package'), directory);
    rmSync(work, { recursive: true });
  }
  return directory;
}
