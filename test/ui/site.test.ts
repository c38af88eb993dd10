import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { writeSite } from '../../scripts/site/write-site.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let dir: TempDir;
let browser: Browser;
before(async () => {
  dir = makeTempDir();
  await writeSite(projectRoot, dir.path);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
  dir[Symbol.dispose]();
});

/** Opens a page from the disk; `complaints` fills with what the browser has to say. */
async function open(path: string, complaints: string[] = [], width = 1_200): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(`${path}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`));
  page.on('request', (request) => {
    if (!/^(?:file|data):/.test(request.url())) {
      complaints.push(`${path} asks for ${request.url()}`);
    }
  });
  await page.goto(pathToFileURL(dir.join(path)).href);
  return page;
}

const htmlFiles = (): readonly string[] =>
  readdirSync(dir.path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));

describe('the site of the documents', () => {
  it('has no link that leads nowhere', () => {
    const broken = htmlFiles().flatMap((file) => {
      const html = readFileSync(dir.join(file), 'utf8');
      return [...html.matchAll(/(?:href|src)="([^"]+)"/g)]
        .map(([, href = '']) => href)
        .filter((href) => !/^[a-z]+:/.test(href))
        .filter((href) => {
          const [path = '', anchor] = href.split('#');
          const target = path === '' ? dir.join(file) : join(dirname(dir.join(file)), path);
          const isThere = existsSync(target);
          return !isThere || (anchor !== undefined && !readFileSync(target, 'utf8').includes(`id="${anchor}"`));
        })
        .map((href) => `${file}: ${href}`);
    });
    assert.deepEqual(broken, []);
  });

  it('opens from a disk, loads nothing from elsewhere and reports no error', async () => {
    const complaints: string[] = [];
    for (const path of [
      'index.html',
      'docs.html',
      'bad-day.html',
      'providers/s3.html',
      'options.html',
      'server.html',
    ]) {
      const page = await open(path, complaints);
      await page.locator('main h1').waitFor();
      assert.equal(
        await page.locator('nav a[aria-current=page]').count(),
        ['index.html', 'docs.html', 'providers/s3.html'].includes(path) ? 0 : 1,
        path,
      );
      await page.close();
    }
    assert.deepEqual(complaints, []);
  });

  it('finds what somebody looks for, also misspelt, and goes there', async () => {
    const complaints: string[] = [];
    const page = await open('providers/s3.html', complaints);
    await page.keyboard.press('/');
    await page.keyboard.type('quorum lost');
    await page.locator('#results a', { hasText: 'The bad day' }).first().waitFor();
    await page.locator('#search').fill('retenton');
    await page
      .locator('#results a', { hasText: /how far back/i })
      .first()
      .waitFor();
    await page.locator('#search').fill('EtcdBackupDamaged');
    await page.keyboard.press('Enter');
    await page.waitForURL(/alerts\.html#etcdbackupdamaged$/);
    await page.goBack();
    await page.locator('#search').fill('xyzzy');
    await page.getByText('Nothing has "xyzzy".').waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });

  for (const [name, width] of [
    ['on a desk', 1_200],
    ['on a phone', 390],
  ] as const) {
    it(`keeps nobody out, ${name}`, async () => {
      for (const path of ['index.html', 'restore-drill.html', 'capacity.html']) {
        const page = await open(path, [], width);
        await page.evaluate(axe);
        const found = await page.evaluate(
          'axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical")' +
            '.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join("; ")))',
        );
        assert.deepEqual(found, [], path);
        const isWider = await page.evaluate(
          'document.documentElement.scrollWidth > document.documentElement.clientWidth',
        );
        assert.equal(isWider, false, `${path} is wider than the window`);
        if (process.env['SCREENSHOTS'] === 'yes') {
          await page.screenshot({ path: `${projectRoot}.cache/site-${path.replace('.html', '')}-${width}.png` });
        }
        await page.close();
      }
    });
  }
});
