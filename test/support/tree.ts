import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join, relative } from 'node:path';

/** Everything below a directory: relative path to mode and content. For comparing before and after. */
export function tree(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) =>
    join(entry.parentPath, entry.name),
  );
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const status = lstatSync(name);
      const mode = (status.mode & 0o777).toString(8);
      return [relative(directory, name), `${mode} ${status.isFile() ? content(name, status) : 'directory'}`];
    }),
  );
}

/** A hash; of a preallocated WAL segment, which is 64 MB of zeros, size and time of the last write have to do. */
function content(file: string, { size, mtimeMs }: Stats): string {
  return size > 16_000_000
    ? `${size} bytes of ${mtimeMs}`
    : createHash('sha256').update(readFileSync(file)).digest('hex');
}
