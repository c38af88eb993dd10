/** Writes the documents as a static site into .cache/site: it needs no server, and searches in the page itself. */
import { join } from 'node:path';
import { cacheDir, projectRoot } from './lab/project-root.ts';
import { writeSite } from './site/write-site.ts';

const into = join(cacheDir, 'site');
const { pages, bytes } = await writeSite(projectRoot, into);
process.stdout.write(`${pages} pages, ${(bytes / 1024 / 1024).toFixed(1)} MiB: ${into}/index.html\n`);
