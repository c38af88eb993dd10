import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync } from 'node:fs';

/**
 * Writes a file out and drops it from the page cache, for measurements of memory. Linux keeps a file that was just written
 * in large folios, and a process that runs from it is charged for a whole folio when it touches one page: 25 MB more than
 * after the next boot, or on another machine. Pages of a program that runs meanwhile stay. The file is opened to be read
 * only: while one that runs is open for writing, nobody else can start it ("text file busy").
 */
export function dropCachedPages(file: string): void {
  const fd = openSync(file, 'r');
  try {
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
}
