import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateAptConfiguration } from './debian-package.ts';
import { cacheDir } from './project-root.ts';
import { run } from './run.ts';

/** Swift, Keystone and what they need beyond the machine's own packages, unpacked but not installed. */
export interface OpenStackPackages {
  /** The interpreter to run them with. */
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
}

const wanted = ['python3-swift', 'python3-keystone', 'python3-keystonemiddleware'];

/** The packages, downloaded into `.cache/openstack` where they are not there yet: by `make openstack`, else on first use. */
export async function openStackPackages(): Promise<OpenStackPackages> {
  const root = join(cacheDir, 'openstack');
  if (!existsSync(root)) {
    await download(root).catch((error: unknown) => {
      throw new Error(
        `cannot download ${wanted.join(', ')} with apt-get; the machine's apt sources need a Debian release that has them`,
        { cause: error },
      );
    });
  }
  const libraries = ['usr/lib', 'lib']
    .filter((dir) => existsSync(join(root, dir)))
    .flatMap((dir) =>
      readdirSync(join(root, dir), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.endsWith('-linux-gnu'))
        .map((entry) => join(root, dir, entry.name)),
    );
  // A machine without Python gets the interpreter among the packages.
  const unpacked = join(root, 'usr/bin/python3');
  const own = existsSync(unpacked);
  return {
    python: own ? unpacked : '/usr/bin/python3',
    env: {
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
      LD_LIBRARY_PATH: libraries.join(':'),
      PYTHONWARNINGS: 'ignore',
      ...(own && { PYTHONHOME: join(root, 'usr') }),
    },
  };
}

/** The machine's own apt sources decide, since the packages run on its Python; they appear by rename, whole. */
async function download(root: string): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const scratch = mkdtempSync(join(cacheDir, '.openstack-'));
  try {
    for (const dir of ['lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(scratch, dir), { recursive: true });
    }
    const configuration = join(scratch, 'apt.conf');
    writeFileSync(configuration, privateAptConfiguration(scratch));
    await run('apt-get', ['-c', configuration, '-q', 'update']);
    const options = ['-q', '-y', '--download-only', '--no-install-recommends'];
    await run('apt-get', ['-c', configuration, ...options, 'install', ...wanted], { timeoutMs: 300_000 });
    const archives = join(scratch, 'cache/archives');
    const unpacked = join(scratch, 'unpacked');
    mkdirSync(unpacked);
    for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(archives, file), unpacked]);
    }
    try {
      renameSync(unpacked, root);
    } catch (error) {
      if (!existsSync(root)) {
        throw error;
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
