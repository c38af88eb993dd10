import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { Failure } from '../../src/runtime/failure.ts';
import { storedFull } from '../support/server/held-fulls.ts';
import { type Served, served } from '../support/server/served.ts';
import { showBackup } from '../support/ui/shown-backup.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const phone = { viewport: { width: 390, height: 844 } };
const desktop = { viewport: { width: 1_200, height: 900 } };

let browser: Browser;
before(async () => {
  await run(process.execPath, ['scripts/build-dashboard.ts'], { cwd: projectRoot });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(async () => {
  await browser.close();
});

/** What a browser has complained about: violations of the policy, errors of the script. */
interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens the dashboard and waits until it is live and shows the store. */
async function visit(server: Served, options: BrowserContextOptions = desktop, path = '/'): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.port !== String(server.port)) {
      complaints.push(`it asks for ${request.url()}`);
    }
  });
  await page.goto(`http://127.0.0.1:${server.port}${path}`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.locator('#timeline rect').first().waitFor();
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe finds serious. Its script is run by the debugger, which the policy of the page does not bind. */
async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(
    'axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical")' +
      '.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html + failureSummary).join("; ")))',
  );
  return found as readonly string[];
}

async function shown(kind: 'well' | 'trouble'): Promise<Served> {
  const server = await served();
  showBackup(server.sidecar, kind, Date.now());
  return server;
}

const views = [
  { name: 'light', kind: 'well', options: { ...desktop, colorScheme: 'light' } },
  { name: 'dark', kind: 'well', options: { ...desktop, colorScheme: 'dark' } },
  { name: 'phone', kind: 'well', options: { ...phone, colorScheme: 'light' } },
  { name: 'trouble', kind: 'trouble', options: { ...desktop, colorScheme: 'light' } },
  { name: 'trouble on a dark phone', kind: 'trouble', options: { ...phone, colorScheme: 'dark' } },
] as const;

describe('the dashboard', () => {
  for (const { name, kind, options } of views) {
    it(`can be read by all, fits its window and breaks no rule: ${name}`, async () => {
      await using server = await shown(kind);
      await using visited = await visit(server, options);
      const { page } = visited;
      await page.locator('#members tr').first().waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      assert.deepEqual(visited.complaints, []);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      assert.equal(overflow, 0);
      if (process.env['SCREENSHOTS'] === 'yes' && !name.includes(' ')) {
        mkdirSync(`${projectRoot}docs/images`, { recursive: true });
        await page.screenshot({ path: `${projectRoot}docs/images/dashboard-${name}.png` });
      }
    });
  }

  it('says what is wrong, and what to do', async () => {
    await using server = await shown('trouble');
    await using visited = await visit(server);
    const { page } = visited;
    // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is asked for, line by line.
    const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
    assert.match(await textOf('#gaps'), /^Revisions \d+\s?\d* to .* are missing/);
    assert.match(await textOf('#errors'), /store_denied[\s\S]*Remedy: /);
    assert.match(await textOf('#summary'), /fails for 12 min 34 s/);
    assert.match(await textOf('#retention-text'), /by the policy/);
    assert.match(await textOf('#members'), /etcd-main-0 \(this one\)\s+leader\s+healthy/);
  });

  it('changes by itself, and says when it can not', async () => {
    const server = await shown('well');
    await using visited = await visit(server);
    const { page } = visited;
    server.sidecar.facts = { ...server.sidecar.facts, role: 'follower', phase: 'follower' };
    await page.locator('#role', { hasText: 'follower' }).waitFor();
    await server[Symbol.asyncDispose]();
    await page.getByText('No connection: what is shown may be out of date').waitFor();
  });

  it('takes a snapshot after a question, by keyboard alone', async () => {
    await using server = await shown('well');
    server.sidecar.onFull = () => Promise.resolve(storedFull);
    await using visited = await visit(server);
    const { page } = visited;
    await page.locator('#take-full').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.locator('#confirm').waitFor({ state: 'hidden' });
    assert.deepEqual(server.sidecar.fulls, []);
    await page.keyboard.press('Enter');
    await page.locator('#confirm-yes').waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    await page.locator('#confirm-yes').press('Enter');
    await page.getByText(`${storedFull.name} is stored, up to revision 58`).waitFor();
    assert.deepEqual(server.sidecar.fulls, [false]);
    await page.locator('#take-delta').click();
    await page.locator('#confirm-yes').click();
    await page.getByText('Nothing has changed since the last snapshot').waitFor();
    assert.equal(server.sidecar.deltas, 1);
    assert.deepEqual(visited.complaints, []);
  });

  it('says why no snapshot was taken', async () => {
    await using server = await shown('well');
    server.sidecar.onFull = () =>
      Promise.reject(new Failure({ code: 'store_denied', action: 'store', object: 'it', found: 'access is denied' }));
    await using visited = await visit(server);
    const { page } = visited;
    await page.locator('#take-full').click();
    await page.locator('#confirm-yes').click();
    await page.getByText('No snapshot was taken: store_denied, see the last errors').waitFor();
  });

  it('looks closer by keys and buttons, over time and over revisions', async () => {
    await using server = await shown('well');
    await using visited = await visit(server);
    const { page } = visited;
    const bars = (): Promise<number> => page.locator('#timeline rect').count();
    const all = await bars();
    await page.locator('#timeline').focus();
    for (const key of ['+', '+', '+', '+']) {
      await page.keyboard.press(key);
    }
    const few = await bars();
    assert.ok(few < all, `${few} of ${all}`);
    await page.keyboard.press('0');
    assert.equal(await bars(), all);
    await page.getByRole('button', { name: '1 h', exact: true }).click();
    assert.ok((await bars()) <= 14);
    await page.locator('#axis').selectOption('revision');
    assert.ok((await bars()) > 100);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    assert.ok((await bars()) > 10);
  });

  it('shows texts of others as text', async () => {
    await using server = await shown('well');
    const text = '<img src=x onerror=alert(1)></script><b>';
    const [member] = await server.sidecar.onMembers();
    assert.ok(member !== undefined);
    server.sidecar.onMembers = async () => [{ ...member, name: text }];
    const backups = await server.sidecar.onBackups();
    assert.ok(backups !== undefined);
    const [first] = backups.listing.snapshots;
    assert.ok(first !== undefined);
    const listing = { ...backups.listing, snapshots: [...backups.listing.snapshots, { ...first, name: text }] };
    server.sidecar.onBackups = async () => ({ ...backups, listing });
    await using visited = await visit(server);
    const { page } = visited;
    await page.locator('#members td', { hasText: text }).waitFor();
    assert.equal(await page.locator('img, main b').count(), 0);
    assert.deepEqual(visited.complaints, []);
  });

  it('is not shown inside of a page of others, whose forms and links change nothing', async () => {
    await using server = await shown('well');
    await using other = await shown('well');
    const context = await browser.newContext(desktop);
    const page = await context.newPage();
    await page.goto(`http://localhost:${other.port}/livez`);
    const target = `http://127.0.0.1:${server.port}/snapshot/full`;
    await page.evaluate(`fetch('${target}', { method: 'POST', mode: 'no-cors' }).then(() => {}, () => {})`);
    await page.evaluate(`new Promise((resolve) => {
      const image = new Image();
      image.onload = image.onerror = resolve;
      image.src = '${target}';
    })`);
    await page.evaluate(`location.href = '${target}'; undefined`);
    await page.getByText('a browser may do this only from the page of this server, at /').waitFor();
    assert.deepEqual(server.sidecar.fulls, []);
    await context.close();
  });
});
