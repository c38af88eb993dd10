import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';

/** Lines that no Debian suite packages, with the release of each that is built. */
export const builtReleases = { '3.6': '3.6.16', '3.7': '3.7.3' } as const;

/** One of these lines. */
export type BuiltLine = keyof typeof builtReleases;

/** etcd's own main package cannot be built outside its repository; this is the same in our words. */
const MAIN = `package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`;

/** Modules are downloaded and compiled from nothing. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

/** The version of the Go toolchain, such as `go1.26.8`; undefined when there is none. */
export async function goVersion(): Promise<string | undefined> {
  return await run('go', ['env', 'GOVERSION'], { env: goEnvironment() }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** Builds etcd, etcdctl and etcdutl as ordinary Go modules into `into/usr/bin`; `scratch` is an existing empty directory. */
export async function buildEtcd(line: BuiltLine, into: string, scratch: string): Promise<void> {
  const bin = join(into, 'usr/bin');
  mkdirSync(bin, { recursive: true });
  const source = join(scratch, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'go.mod'), 'module etcd-of-tests\n\ngo 1.25.0\n');
  writeFileSync(join(source, 'main.go'), MAIN);
  const go = async (...args: readonly string[]): Promise<unknown> =>
    await run('go', args, { cwd: source, env: goEnvironment(), timeoutMs: BUILD_TIMEOUT_MS });
  const modules = ['server', 'etcdctl', 'etcdutl'].map((name) => `go.etcd.io/etcd/${name}/v3`);
  await go('get', ...modules.map((module) => `${module}@v${builtReleases[line]}`));
  await go('build', '-o', join(bin, 'etcd'), '.');
  for (const tool of ['etcdctl', 'etcdutl']) {
    await go('build', '-o', join(bin, tool), `go.etcd.io/etcd/${tool}/v3`);
  }
}

/** The environment of Go commands: the caller's, but without a workspace or vendoring that it may be in, and pure Go. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
}
