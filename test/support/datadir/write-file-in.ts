import { writeFileSync } from 'node:fs';
import type { TempDir } from '../../../scripts/lab/temp-dir.ts';

/** Writes `bytes` as `name` into `dir` and gives the file's path. */
export function writeFileIn(dir: TempDir, name: string, bytes: Uint8Array): string {
  const path = dir.join(name);
  writeFileSync(path, bytes);
  return path;
}
