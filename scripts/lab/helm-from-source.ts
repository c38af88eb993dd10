import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goEnvironment } from './etcd-from-source.ts';
import { cacheDir } from './project-root.ts';
import { run } from './run.ts';
import { makeTempDir } from './temp-dir.ts';

/** Built as an ordinary Go module. */
const version = 'v3.18.6';

/** The path of helm, which the machine's Go toolchain builds into .cache when it is not there. */
export async function helmFromSource(): Promise<string> {
  const helm = join(cacheDir, `helm/${version}/helm`);
  if (!existsSync(helm)) {
    using dir = makeTempDir();
    writeFileSync(dir.join('go.mod'), 'module helm-of-tests\n\ngo 1.24.0\n');
    const go = (...args: readonly string[]) =>
      run('go', args, { cwd: dir.path, env: goEnvironment(), timeoutMs: 30 * 60_000 });
    await go('get', `helm.sh/helm/v3/cmd/helm@${version}`);
    await go('build', '-o', dir.join('helm'), 'helm.sh/helm/v3/cmd/helm');
    mkdirSync(join(cacheDir, 'helm', version), { recursive: true });
    await run('cp', [dir.join('helm'), `${helm}.part`]);
    renameSync(`${helm}.part`, helm);
  }
  return helm;
}
