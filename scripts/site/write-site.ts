import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { documentPages } from '../markdown.ts';
import { navigationOf } from './navigation.ts';
import { renderPage } from './render-page.ts';
import { searchIndex } from './search-index.ts';

/** Where the site has its style and its script. */
const source = join(import.meta.dirname, 'page');

/**
 * Writes the site of the documents of a checkout into a directory, which is made anew. Every file that a page links to is in
 * it; nothing is loaded from elsewhere, and it can be opened from a disk.
 */
export async function writeSite(
  root: string,
  into: string,
): Promise<{ readonly pages: number; readonly bytes: number }> {
  rmSync(into, { recursive: true, force: true });
  const pages = documentPages();
  const navigation = navigationOf(readFileSync(join(root, 'docs/README.md'), 'utf8'));
  let bytes = 0;
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    writeFileSync(join(into, path), content);
    bytes += Buffer.byteLength(content);
  };
  const files = new Set<string>();
  for (const page of pages) {
    const rendered = renderPage({ root, page, pages, navigation });
    write(rendered.path, rendered.html);
    for (const file of rendered.files) {
      files.add(file);
    }
  }
  for (const file of files) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    copyFileSync(join(root, file), join(into, file));
    bytes += statSync(join(root, file)).size;
  }
  const { outputFiles } = await build({
    entryPoints: [join(source, 'search.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  write('site.js', outputFiles.map(({ text }) => text).join(''));
  write(
    'site.css',
    (await transform(readFileSync(join(source, 'style.css'), 'utf8'), { loader: 'css', minify: true })).code,
  );
  // A script and no JSON: a page that is opened from a disk may load the one and not the other.
  write('search-index.js', `globalThis.searchIndex=${JSON.stringify(searchIndex(root, pages))};\n`);
  return { pages: pages.length, bytes };
}
