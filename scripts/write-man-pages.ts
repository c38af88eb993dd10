import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { buildInfo } from '../src/build-info.ts';
import { cacheDir } from './lab/project-root.ts';
import { manPages } from './man-pages.ts';

/** Writes the manual into .cache/man/man1; `man -M .cache/man etcdbrctl` shows it. */
const into = `${cacheDir}/man/man1`;
rmSync(into, { recursive: true, force: true });
mkdirSync(into, { recursive: true });
const pages = manPages({ version: buildInfo.version, date: new Date().toISOString().slice(0, 10) });
for (const [name, text] of pages) {
  writeFileSync(`${into}/${name}`, text);
}
process.stdout.write(`${pages.size} pages: man -M ${cacheDir}/man etcdbrctl\n`);
