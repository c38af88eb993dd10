import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import MiniSearch from 'minisearch';
import { headingsOf, tokensOf } from '../markdown.ts';
import { type SearchedSection, searchOptions } from './search-options.ts';
import { sitePath } from './site-path.ts';

/** The index of all sections of all pages, ready to be written as JSON. */
export function searchIndex(root: string, pages: readonly string[]): object {
  const index = new MiniSearch<SearchedSection>(searchOptions);
  index.addAll(pages.flatMap((page) => sectionsOf(sitePath(page), readFileSync(join(root, page), 'utf8'))));
  return index.toJSON();
}

/** A page cut at its headings. */
function sectionsOf(path: string, text: string): readonly SearchedSection[] {
  const headings = headingsOf(tokensOf(text));
  const title = headings[0]?.text ?? path;
  // In code a number sign begins a comment and no heading.
  const prose = text.replaceAll(/^( *)(```|~~~)[\s\S]*?^ *\2$/gm, (code) => code.replaceAll(/^#/gm, ' #'));
  const parts = prose.split(/^#{1,6} .*$/m).slice(1);
  return headings.map(({ text: heading, anchor }, at) => ({
    id: `${path}#${anchor}`,
    page: title,
    name: path.replace('.html', '').replaceAll(/[/-]/g, ' '),
    heading,
    text: (parts[at] ?? '')
      .replaceAll(/\]\([^)]*\)/g, ' ')
      .replaceAll(/[`*|[\]]|-{3,}/g, ' ')
      .replaceAll(/\s+/g, ' '),
  }));
}
