import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goEnvironment } from './etcd-from-source.ts';
import { cacheDir } from './project-root.ts';
import { run } from './run.ts';
import { makeTempDir } from './temp-dir.ts';

/** A program that the machine's Go toolchain builds as an ordinary Go module. */
export interface GoProgram {
  readonly name: string;
  /** As the proxy of Go modules has it, such as `v3.18.6`. */
  readonly version: string;
  /** Import path of its main package. */
  readonly package: string;
  /** Lines of go.mod: what is required, and what takes the place of what. */
  readonly modules: readonly string[];
  /** Variables of packages that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Modules are downloaded and compiled from nothing, on two cores and next to other work. */
const buildTimeoutMs = 60 * 60_000;

/** The path of the program; it is built into .cache/NAME/VERSION when it is not there. Appears by rename. */
export async function goProgram(program: GoProgram): Promise<string> {
  const { name, version, modules, variables = {} } = program;
  const built = join(cacheDir, name, version, name);
  if (!existsSync(built)) {
    using dir = makeTempDir();
    writeFileSync(dir.join('go.mod'), [`module ${name}-of-tests`, '', 'go 1.25.0', '', ...modules, ''].join('\n'));
    const flags = ['-s', '-w', ...Object.entries(variables).map(([variable, value]) => `-X=${variable}=${value}`)];
    mkdirSync(join(cacheDir, name, version), { recursive: true });
    await run('go', ['build', `-ldflags=${flags.join(' ')}`, '-o', `${built}.part`, program.package], {
      cwd: dir.path,
      env: goEnvironment(),
      timeoutMs: buildTimeoutMs,
    });
    renameSync(`${built}.part`, built);
  }
  return built;
}
