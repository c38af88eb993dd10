import { readdirSync, readFileSync } from 'node:fs';
import { projectRoot } from './project-root.ts';

const GOLDEN = `${projectRoot}test/fixtures/golden/`;

/** One object of a golden backup. */
export interface GoldenObject {
  /** Key below the store's prefix, such as `v2/Full-00000000-00000058-1795251532.gz`. */
  readonly key: string;
  readonly bytes: Buffer;
}

/** The folder of a golden backup that stands for its container; the prefix in it is `etcd-main`. */
export function goldenStorePath(backup: string): string {
  return `${GOLDEN}${backup}/store/`;
}

/** The objects of a golden backup, such as `etcd-3.5/gzip`, by key. */
export function goldenObjects(backup: string): readonly GoldenObject[] {
  const root = `${GOLDEN}${backup}/store/etcd-main/`;
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('//', '/'))
    .sort()
    .map((path) => ({ key: path.slice(root.length), bytes: readFileSync(path) }));
}
