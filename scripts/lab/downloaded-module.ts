import { goEnvironment } from './etcd-from-source.ts';
import { run } from './run.ts';
import { makeTempDir } from './temp-dir.ts';

/** A Go module in the cache of the machine's toolchain. Paths are absolute. */
export interface DownloadedModule {
  /** Its files, which nobody may write. */
  readonly dir: string;
  readonly goMod: string;
}

/** Downloads a Go module unless it is in the cache; nothing is compiled. */
export async function downloadedModule(path: string, version: string): Promise<DownloadedModule> {
  using elsewhere = makeTempDir();
  const { stdout } = await run('go', ['mod', 'download', '-json', `${path}@${version}`], {
    cwd: elsewhere.path,
    env: goEnvironment(),
    timeoutMs: 10 * 60_000,
  });
  const { Dir: dir, GoMod: goMod } = JSON.parse(stdout) as { readonly Dir: string; readonly GoMod: string };
  return { dir, goMod };
}
