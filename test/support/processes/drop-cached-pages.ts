import { execFileSync } from 'node:child_process';

/**
 * Writes a file out and drops it from the page cache, for measurements of memory. Linux keeps a file that was just written
 * in large folios, and a process that runs from it is charged for a whole folio when it touches one page: 25 MB more than
 * after the next boot, or on another machine.
 */
export function dropCachedPages(file: string): void {
  execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' });
}
