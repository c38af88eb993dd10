import { dirname, relative } from 'node:path';

/** Where a document is on the site: README.md is the first page, docs/ the root, and a README the index of its folder. */
export function sitePath(page: string): string {
  return page === 'README.md'
    ? 'index.html'
    : page
        .replace(/^docs\/README\.md$/, 'docs.html')
        .replace(/^docs\//, '')
        .replace(/README\.md$/, 'index.html')
        .replace(/\.md$/, '.html');
}

/** The relative link from one path of the site to another. */
export function linkFrom(page: string, target: string): string {
  return relative(dirname(page), target) || target;
}
