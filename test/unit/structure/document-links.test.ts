import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { documentPages, headingsOf, linksOf, pageText, tokensOf } from '../../../scripts/markdown.ts';

const pages = [...documentPages(), 'CONTRIBUTING.md', 'CHANGELOG.md', 'example/README.md', 'example/helm/README.md'];
const read = pages.map((page) => ({ page, tokens: tokensOf(pageText(page)) }));
const anchorsOf = new Map(
  read.map(({ page, tokens }) => [page, new Set(headingsOf(tokens).map(({ anchor }) => anchor))]),
);
const every = read.flatMap(({ page, tokens }) => linksOf(tokens).map((href) => ({ page, href })));
const links = every
  .filter(({ href }) => !/^[a-z]+:/.test(href))
  .map(({ page, href }) => {
    const [path = '', anchor] = href.split('#');
    return { page, href, target: path === '' ? page : normalize(join(dirname(page), path)), anchor };
  });

describe('links of the documents', () => {
  it('lead to files that exist', () => {
    assert.ok(links.length > 200, `${links.length} links were found`);
    const broken = links.filter(({ target }) => !existsSync(join(projectRoot, target)));
    assert.deepEqual(
      broken.map(({ page, href }) => `${page}: ${href}`),
      [],
    );
  });

  it('lead to headings that exist', () => {
    const broken = links.filter(
      ({ target, anchor }) => anchor !== undefined && anchorsOf.get(target)?.has(anchor) !== true,
    );
    assert.deepEqual(
      broken.map(({ page, href }) => `${page}: ${href}`),
      [],
    );
  });

  it('lead to the web by https alone', () => {
    assert.deepEqual(
      every.filter(({ href }) => href.startsWith('http:')),
      [],
    );
  });
});

describe('docs/README.md', () => {
  /** Their folders have a list of their own. */
  const listed = /^docs\/(?:decisions|providers|migration)\/(?!README)/;

  it('leads to every page', () => {
    const reached = new Set(links.filter(({ page }) => page === 'docs/README.md').map(({ target }) => target));
    const missing = documentPages().filter(
      (page) => page.startsWith('docs/') && page !== 'docs/README.md' && !listed.test(page) && !reached.has(page),
    );
    assert.deepEqual(missing, []);
  });

  it('and the lists of folders lead to every page in them', () => {
    const missing = documentPages()
      .filter((page) => listed.test(page))
      .filter((page) => !links.some((link) => link.page === join(dirname(page), 'README.md') && link.target === page));
    assert.deepEqual(missing, []);
  });
});
