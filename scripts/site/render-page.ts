import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { Marked, type Tokens } from 'marked';
import { escapedHtml } from '../../src/cli/output/escaped-html.ts';
import { headingsOf, tokensOf } from '../markdown.ts';
import type { NavigationGroup } from './navigation.ts';
import { linkFrom, sitePath } from './site-path.ts';

/** One document on its way to the site. */
export interface PageRequest {
  /** Absolute path of the checkout. */
  readonly root: string;
  /** From the root, such as `docs/usage.md`. */
  readonly page: string;
  /** All documents that are on the site. */
  readonly pages: readonly string[];
  readonly navigation: readonly NavigationGroup[];
}

/** A page of the site. */
export interface RenderedPage {
  /** Below the root of the site. */
  readonly path: string;
  readonly html: string;
  /** Files of the checkout that it links to and that have to be there. */
  readonly files: readonly string[];
}

/** Makes a page of a document. Links to other documents lead to their pages, those to files to copies of them. */
export function renderPage({ root, page, pages, navigation }: PageRequest): RenderedPage {
  const path = sitePath(page);
  const files: string[] = [];
  const text = readFileSync(join(root, page), 'utf8');
  const headings = headingsOf(tokensOf(text));
  let heading = 0;
  /** Where a link of the document leads to on the site; undefined where nothing of it is there. */
  const placed = (href: string): string | undefined => {
    if (/^[a-z]+:|^#/.test(href)) {
      return href;
    }
    const [file = '', anchor] = href.split('#');
    const target = normalize(join(dirname(page), file));
    const end = anchor === undefined ? '' : `#${anchor}`;
    if (pages.includes(target)) {
      return `${linkFrom(path, sitePath(target))}${end}`;
    }
    if (!existsSync(join(root, target)) || statSync(join(root, target)).isDirectory()) {
      return undefined;
    }
    files.push(target);
    return linkFrom(path, target);
  };
  const marked = new Marked({
    renderer: {
      heading(token: Tokens.Heading) {
        const { anchor = '' } = headings[heading++] ?? {};
        const inner = this.parser.parseInline(token.tokens);
        return `<h${token.depth} id="${anchor}">${inner} <a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a></h${token.depth}>\n`;
      },
      link(token: Tokens.Link) {
        const inner = this.parser.parseInline(token.tokens);
        const href = placed(token.href);
        return href === undefined ? inner : `<a href="${escapedHtml(href)}">${inner}</a>`;
      },
      image(token: Tokens.Image) {
        return `<img src="${escapedHtml(placed(token.href) ?? '')}" alt="${escapedHtml(token.text)}" loading="lazy">`;
      },
      code(token: Tokens.Code) {
        return `<pre tabindex="0"><code>${escapedHtml(token.text)}</code></pre>\n`;
      },
      checkbox(token: Tokens.Checkbox) {
        return `<input type="checkbox" aria-label="done"${token.checked ? ' checked' : ''}> `;
      },
      table(token: Tokens.Table) {
        const row = (cells: readonly Tokens.TableCell[], tag: 'th' | 'td'): string =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`;
        const body = token.rows.map((cells) => row(cells, 'td')).join('\n');
        return `<div class="table" tabindex="0"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  const body = marked.parse(text, { async: false });
  const title = headings[0]?.text ?? page;
  return { path, html: layout({ path, title, body, navigation }), files };
}

function layout(page: {
  readonly path: string;
  readonly title: string;
  readonly body: string;
  readonly navigation: readonly NavigationGroup[];
}): string {
  const { path, title, body, navigation } = page;
  const to = (target: string): string => escapedHtml(linkFrom(path, target));
  const groups = navigation.map(({ title: name, entries }) => {
    const items = entries.map(
      (entry) =>
        `<li><a href="${to(entry.path)}"${entry.path === path ? ' aria-current="page"' : ''}>${escapedHtml(entry.title)}</a></li>`,
    );
    return `<h2>${escapedHtml(name)}</h2><ul>${items.join('')}</ul>`;
  });
  const root = '../'.repeat(path.split('/').length - 1);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self' file:; script-src 'self' file:; img-src 'self' file: data:">
<title>${escapedHtml(title)}${title === 'etcdbrctl' ? '' : ' · etcdbrctl'}</title>
<link rel="stylesheet" href="${root}site.css">
<script defer src="${root}site.js" data-root="${root}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="home" href="${to('index.html')}">etcdbrctl</a>
<form role="search" autocomplete="off"><label for="search">Search</label> <input id="search" type="search" placeholder="press /"></form>
</header>
<div id="results" role="region" aria-live="polite" aria-label="Search results" hidden></div>
<div class="columns">
<nav aria-label="Documents">${groups.join('')}</nav>
<main id="content">
${body}</main>
</div>
</body>
</html>
`;
}
