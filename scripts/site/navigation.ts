import { lexer, type Tokens } from 'marked';
import { sitePath } from './site-path.ts';

/** A group of pages in the margin. */
export interface NavigationGroup {
  readonly title: string;
  readonly entries: readonly { readonly title: string; readonly path: string }[];
}

/** The groups of docs/README.md: its headings, and the links that begin the items below them. */
export function navigationOf(list: string): readonly NavigationGroup[] {
  const groups: { title: string; entries: { title: string; path: string }[] }[] = [];
  for (const token of lexer(list)) {
    if (token.type === 'heading' && token.depth === 2) {
      groups.push({ title: token.text, entries: [] });
    } else if (token.type === 'list') {
      for (const item of (token as Tokens.List).items) {
        const [, title, target] = /\[([^\]]+)\]\(([^)#]+)\)/.exec(item.text) ?? [];
        if (title !== undefined && target !== undefined) {
          groups.at(-1)?.entries.push({ title, path: sitePath(`docs/${target}`) });
        }
      }
    }
  }
  return groups;
}
