import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goEnvironment } from '../../../scripts/lab/etcd-from-source.ts';
import { cacheDir } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';

const VERSION = '1.4.3';
/** Modules are downloaded and compiled from nothing. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

/** The `bbolt` command, built with the machine's Go toolchain on first use into `.cache/bbolt`. */
export async function bboltTool(): Promise<string> {
  const tool = join(cacheDir, 'bbolt', VERSION);
  if (!existsSync(tool)) {
    mkdirSync(join(cacheDir, 'bbolt'), { recursive: true });
    const scratch = mkdtempSync(join(cacheDir, 'bbolt', '.build-'));
    try {
      writeFileSync(join(scratch, 'go.mod'), 'module bbolt-of-tests\n\ngo 1.25.0\n');
      const options = { cwd: scratch, env: goEnvironment(), timeoutMs: BUILD_TIMEOUT_MS };
      await run('go', ['get', `go.etcd.io/bbolt/cmd/bbolt@v${VERSION}`], options);
      await run('go', ['build', '-o', 'bbolt', 'go.etcd.io/bbolt/cmd/bbolt'], options);
      renameSync(join(scratch, 'bbolt'), tool);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return tool;
}

/** What `bbolt check` says of a file: nothing when it finds nothing. A crash or a hang counts as a finding. */
export async function bboltFindings(tool: string, file: string): Promise<string | undefined> {
  return await run(tool, ['check', file], { timeoutMs: 20_000 }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}
