import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './project-root.ts';
import { run } from './run.ts';

/**
 * The path of the program `age`: the machine's own, or that of the Debian package, which is unpacked into `.cache/age` on first use and
 * not installed. Undefined where neither can be had.
 */
export async function ageProgram(): Promise<string | undefined> {
  const unpacked = join(cacheDir, 'age/usr/bin/age');
  const own = ['/usr/bin/age', '/usr/local/bin/age', unpacked].find((path) => existsSync(path));
  if (own !== undefined) {
    return own;
  }
  mkdirSync(cacheDir, { recursive: true });
  const scratch = mkdtempSync(join(cacheDir, '.age-'));
  try {
    await run('apt-get', ['-q', 'download', 'age'], { cwd: scratch });
    const [file = ''] = readdirSync(scratch).filter((name) => name.endsWith('.deb'));
    await run('dpkg', ['-x', join(scratch, file), join(scratch, 'root')]);
    renameSync(join(scratch, 'root'), join(cacheDir, 'age'));
    return unpacked;
  } catch {
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
