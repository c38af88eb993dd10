import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-package.ts';
import { type BuiltLine, buildEtcd } from './etcd-from-source.ts';
import { cacheDir } from './project-root.ts';
import { run } from './run.ts';

/** Release lines of etcd that tests can run against, oldest first. */
const knownLines = ['3.4', '3.5', '3.6', '3.7'] as const;

/** One of these lines. */
export type EtcdLine = (typeof knownLines)[number];

/**
 * The lines for suites that run on each: those Debian packages, or the ones that the environment names, such as
 * `ETCD_LINES=3.6,3.7` (see `make test-versions`).
 */
export const etcdLines: readonly EtcdLine[] = (process.env['ETCD_LINES'] ?? '3.4,3.5').split(',').map((name) => {
  const line = knownLines.find((known) => known === name);
  if (line === undefined) {
    throw new Error(`ETCD_LINES names ${name}; known are ${knownLines.join(', ')}`);
  }
  return line;
});

/** A real etcd, unpacked but not installed. All paths are absolute. */
export interface EtcdRelease {
  readonly line: EtcdLine;
  /** The exact version, such as `3.5.16`. */
  readonly version: string;
  readonly etcd: string;
  readonly etcdctl: string;
  /** Came with etcd 3.5; undefined for 3.4. */
  readonly etcdutl: string | undefined;
}

/** The Debian suite that carries each line that is packaged. */
const suites: Readonly<Record<Exclude<EtcdLine, BuiltLine>, string>> = { '3.4': 'bookworm', '3.5': 'trixie' };

/** The binaries of a release line, downloaded or built on first use into `.cache/etcd/LINE`. */
export async function etcdRelease(line: EtcdLine): Promise<EtcdRelease> {
  const home = join(cacheDir, 'etcd', line);
  if (!existsSync(home)) {
    await obtain(line, home);
  }
  const binary = (name: string): string => join(home, 'usr/bin', name);
  const etcdutl = binary('etcdutl');
  return {
    line,
    version: readFileSync(join(home, 'version'), 'utf8').trim(),
    etcd: binary('etcd'),
    etcdctl: binary('etcdctl'),
    etcdutl: existsSync(etcdutl) ? etcdutl : undefined,
  };
}

/** Everything happens in a scratch directory and appears by rename, so that side by side runs do not see half a release. */
async function obtain(line: EtcdLine, home: string): Promise<void> {
  const parent = join(cacheDir, 'etcd');
  mkdirSync(parent, { recursive: true });
  const scratch = mkdtempSync(join(parent, `.${line}-`));
  try {
    const unpacked = join(scratch, 'unpacked');
    if (line === '3.6' || line === '3.7') {
      await buildEtcd(line, unpacked, scratch);
    } else {
      const packages = ['etcd-server', 'etcd-client'];
      await unpackDebianPackages({ suite: suites[line], packages, into: unpacked, scratch });
    }
    const { stdout } = await run(join(unpacked, 'usr/bin/etcd'), ['--version'], {
      env: unsupportedArchitecture,
    });
    const version = /etcd Version: (\S+)/.exec(stdout)?.[1];
    if (version === undefined || !version.startsWith(`${line}.`)) {
      throw new Error(`etcd ${line} was expected, but this is: ${stdout}`);
    }
    writeFileSync(join(unpacked, 'version'), `${version}\n`);
    try {
      renameSync(unpacked, home);
    } catch (error) {
      if (!existsSync(home)) {
        throw error;
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** etcd 3.4 starts on arm64 only with this variable; no other variable reaches an etcd under test. */
export const unsupportedArchitecture: NodeJS.ProcessEnv =
  process.arch === 'arm64' ? { ETCD_UNSUPPORTED_ARCH: 'arm64' } : {};
