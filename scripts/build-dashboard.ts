/** Builds the page of the dashboard, .cache/native/dashboard.html, for a checkout and for the executable. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardHtml } from './build/dashboard.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, '.cache/native/dashboard.html');
mkdirSync(join(root, '.cache/native'), { recursive: true });
const unfinished = `${file}.${process.pid}`;
writeFileSync(unfinished, await dashboardHtml(root));
renameSync(unfinished, file);
process.stdout.write(`${file}\n`);
