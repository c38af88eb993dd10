import { existsSync } from 'node:fs';
import { projectRoot } from './project-root.ts';

/** Path of the single executable. Throws when it was not built. */
export function builtExecutable(): string {
  const file = `${projectRoot}bin/etcdbrctl`;
  if (!existsSync(file)) {
    throw new Error(`${file} is not there: run make build`);
  }
  return file;
}
