import { stat } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { readAtMost } from '../runtime/read-at-most.ts';

/** Bytes of a kubeconfig, or of a file that it names, at most. */
const mostBytes = 1024 * 1024;

/**
 * Reads the files of KUBECONFIG, which may be several as in PATH: what the first of them says counts, and those that do not exist are
 * left out, as kubectl does. The library would stop all of the process while a file is read. Throws when nothing can be read.
 */
export async function readKubeconfig(paths: string): Promise<KubeConfig> {
  const files = paths.split(delimiter).filter((path) => path !== '');
  const found = await Promise.all(files.map(async (path) => ((await exists(path)) ? path : undefined)));
  const [first = files[0] ?? paths, ...others] = found.filter((path) => path !== undefined);
  const config = await readOne(first);
  for (const path of others) {
    merge(config, await readOne(path));
  }
  return config;
}

/** Throws when a file that the current account names is none that can be read at once. */
export async function checkAccountFiles(config: KubeConfig): Promise<void> {
  const user = config.getCurrentUser();
  const files = [config.getCurrentCluster()?.caFile, user?.certFile, user?.keyFile];
  await Promise.all(
    files.map(async (path) => {
      if (path === undefined || path === '') {
        return;
      }
      const facts = await stat(path);
      if (!facts.isFile() || facts.size > mostBytes) {
        throw new Error(`${path} is no file, or too large`);
      }
    }),
  );
}

async function readOne(path: string): Promise<KubeConfig> {
  const text = (await readAtMost(path, mostBytes)).toString('utf8');
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(path));
  return config;
}

function merge(config: KubeConfig, other: KubeConfig): void {
  for (const cluster of other.clusters.filter(({ name }) => config.getCluster(name) === null)) {
    config.addCluster(cluster);
  }
  for (const user of other.users.filter(({ name }) => config.getUser(name) === null)) {
    config.addUser(user);
  }
  for (const context of other.contexts.filter(({ name }) => config.getContextObject(name) === null)) {
    config.addContext(context);
  }
  if ((config.currentContext ?? '') === '') {
    config.setCurrentContext(other.currentContext);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
