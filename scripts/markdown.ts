import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import GithubSlugger from 'github-slugger';
import { lexer, type Token, type Tokens, walkTokens } from 'marked';
import { projectRoot } from './lab/project-root.ts';

/** A heading with the anchor that GitHub gives it. */
export interface Heading {
  readonly depth: number;
  readonly text: string;
  readonly anchor: string;
}

/** Every token of a text, those in lists, tables and quotes included, in order. */
export function tokensOf(markdown: string): readonly Token[] {
  const all: Token[] = [];
  void walkTokens(lexer(markdown), (token) => {
    all.push(token);
  });
  return all;
}

/** The headings among the tokens of a text. */
export function headingsOf(tokens: readonly Token[]): readonly Heading[] {
  const slugger = new GithubSlugger();
  return tokens
    .filter((token): token is Tokens.Heading => token.type === 'heading')
    .map(({ depth, text }) => {
      const plain = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
      return { depth, text: plain, anchor: slugger.slug(plain) };
    });
}

/** Where the tokens of a text link to, images included. */
export function linksOf(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) => (token.type === 'link' || token.type === 'image' ? [String(token['href'])] : []));
}

/** Code in fences: the words after the fence, and what it holds. */
export function fencesOf(markdown: string): readonly { readonly info: string; readonly code: string }[] {
  return tokensOf(markdown)
    .filter((token): token is Tokens.Code => token.type === 'code')
    .map(({ lang, text }) => ({ info: lang ?? '', code: text }));
}

/** The documents for readers: README.md and all pages below docs, as paths from the project's root. */
export function documentPages(): readonly string[] {
  const pages = readdirSync(join(projectRoot, 'docs'), { recursive: true, encoding: 'utf8' });
  return [
    'README.md',
    ...pages
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`)
      .toSorted(),
  ];
}

/** The text of a page. */
export function pageText(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}
