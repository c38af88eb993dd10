import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { Failure } from '../../src/runtime/failure.ts';
import { systemClock } from '../../src/runtime/system-clock.ts';
import { AuthTokens } from '../../src/server/http/access/auth-tokens.ts';
import { RecordedLog } from '../support/context/recorded-log.ts';
import { snapshotNamed } from '../support/fixtures/snapshots.ts';
import { storedFull } from '../support/server/hold-fulls.ts';
import { type Served, serveFakeSidecar } from '../support/server/serve-fake-sidecar.ts';
import { showBackup } from '../support/ui/shown-backup.ts';
import { showTrouble, troubles } from '../support/ui/troubled-backup.ts';

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

/** Opens the dashboard and waits until it is live, and shows the store unless it is `empty`. */
async function visit(
  server: Pick<Served, 'port'>,
  options: BrowserContextOptions = desktop,
  shows: 'store' | 'empty' = 'store',
): Promise<Visit> {
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
  await page.goto(`http://127.0.0.1:${server.port}/`);
  await page.getByText('Live', { exact: true }).waitFor();
  if (shows === 'store') {
    await page.locator('#timeline rect').first().waitFor();
  }
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
  const server = await serveFakeSidecar();
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

  for (const name of Object.keys(troubles)) {
    it(`says it at the top where ${name}, on a narrow phone at night and on a wide screen`, async () => {
      await using server = await serveFakeSidecar();
      showTrouble(server.sidecar, name, Date.now());
      const phoneAtNight = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' } as const;
      await using visited = await visit(server, phoneAtNight, 'empty');
      const { page } = visited;
      await page.locator('#troubles li', { hasText: troubles[name]?.says ?? /^$/ }).waitFor();
      // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is asked for, line by line.
      const text = await page.locator('body').innerText();
      // What is not known is not said to be well.
      if (/cannot be listed, what it holds is not known|no store is configured/.test(text)) {
        assert.doesNotMatch(text, /No revision is missing|no snapshot$|\b0 B\b/m);
      }
      for (const view of [phoneAtNight, { viewport: { width: 1_400, height: 900 }, colorScheme: 'light' } as const]) {
        await page.setViewportSize(view.viewport);
        await page.emulateMedia({ colorScheme: view.colorScheme });
        assert.deepEqual(await seriousFaults(page), []);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      }
      assert.equal(await page.locator('img, main b').count(), 0);
      assert.deepEqual(visited.complaints, []);
    });
  }

  it('says nothing is wrong where nothing is, and that it is not connected any more', async () => {
    const server = await shown('well');
    await using visited = await visit(server);
    const { page } = visited;
    await page.getByText('Nothing that this server knows of.').waitFor();
    await server[Symbol.asyncDispose]();
    await page.locator('#troubles li', { hasText: /has not been heard for/ }).waitFor();
    assert.deepEqual(await seriousFaults(page), []);
  });

  it('names the leader whose page knows more, and does not tell of what was planned here before', async () => {
    await using server = await shown('well');
    server.sidecar.facts = { ...server.sidecar.facts, role: 'follower', phase: 'follower', leaderId: 'b2' };
    await using visited = await visit(server);
    const { page } = visited;
    await page.getByText('The page of the leader, etcd-main-1 has the present ones.').waitFor();
    assert.match((await page.locator('#runs').textContent()) ?? '', /Full\s*by the leader/);
  });

  it('shows ten thousand snapshots of one chain, counts those that are not drawn, and stays quick', async () => {
    await using server = await shown('well');
    const begun = Math.floor(Date.now() / 1_000) - 10_010;
    const named = (name: string) => ({ ...snapshotNamed(name), key: name, size: 1_000 });
    const eight = (number: number) => String(number).padStart(8, '0');
    const deltas = Array.from({ length: 10_000 }, (_, at) =>
      named(`Incr-${eight(at + 2)}-${eight(at + 2)}-${begun + at + 1}.gz`),
    );
    const backups = await server.sidecar.onBackups();
    const snapshots = [named(`Full-00000000-00000001-${begun}.gz`), ...deltas];
    server.sidecar.onBackups = async () => backups && { ...backups, listing: { snapshots, markers: [] } };
    await using visited = await visit(server);
    const { page } = visited;
    await page.getByText('8\u202f001 older snapshots not drawn').waitFor();
    const svg = page.locator('#timeline svg');
    assert.match((await svg.getAttribute('aria-label')) ?? '', /^1 full and /);
    const milliseconds = await page.evaluate(
      'new Promise((done) => { const at = performance.now(); document.getElementById("axis").value = "revision"; ' +
        'document.getElementById("axis").dispatchEvent(new Event("change")); requestAnimationFrame(() => done(performance.now() - at)); })',
    );
    assert.ok(Number(milliseconds) < 2_000, `${milliseconds} ms`);
    assert.deepEqual(visited.complaints, []);
  });

  it('can be reached by keyboard alone, each thing once and in the order of the page', async () => {
    await using server = await shown('trouble');
    await using visited = await visit(server);
    const { page } = visited;
    const reached: string[] = [];
    for (let step = 0; step < 30; step++) {
      await page.keyboard.press('Tab');
      const id = await page.evaluate(
        '(document.activeElement.id || document.activeElement.dataset.zoom || document.activeElement.getAttribute("aria-label") || document.activeElement.textContent || "").slice(0, 40)',
      );
      if (reached.includes(String(id)) || (await page.evaluate('document.activeElement === document.body')) === true) {
        break;
      }
      reached.push(String(id));
    }
    assert.deepEqual(reached.slice(0, 12), [
      ...['take-full', 'take-delta', 'axis', 'in', 'out', 'back', 'on', 'hour', 'day', 'all', 'timeline'],
      'snapshots-summary',
    ]);
    assert.ok(reached.includes('Members of the cluster'), reached.join());
  });

  it('asks for the token, and works with it', async () => {
    using dir = makeTempDir();
    const token = '0123456789abcdef0123456789abcdef';
    writeFileSync(dir.join('token'), `${token}\n`, { mode: 0o600 });
    const tokens = await AuthTokens.open(dir.join('token'), { clock: systemClock, log: new RecordedLog() });
    await using server = await serveFakeSidecar({ tokens });
    showBackup(server.sidecar, 'well', Date.now());
    server.sidecar.onFull = () => Promise.resolve(storedFull);
    const context = await browser.newContext(desktop);
    const page = await context.newPage();
    const refused = await page.goto(`http://127.0.0.1:${server.port}/`).catch(() => undefined);
    assert.notEqual(refused?.status(), 200);
    await context.close();
    // As a browser sends it that has asked for it.
    const extraHTTPHeaders = { authorization: `Basic ${btoa(`me:${token}`)}` };
    await using visited = await visit(server, { ...desktop, extraHTTPHeaders });
    await visited.page.locator('#take-full').click();
    await visited.page.locator('#confirm-yes').click();
    await visited.page.getByText(`${storedFull.name} is stored`).waitFor();
    assert.deepEqual(visited.complaints, []);
  });

  it('says what is wrong, and what to do', async () => {
    await using server = await shown('trouble');
    await using visited = await visit(server);
    const { page } = visited;
    // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is asked for, line by line.
    const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();
    assert.match(
      await textOf('#gaps'),
      /^Revisions \d+\s?\d* to .* are missing\. States in between cannot be restored; the full/,
    );
    // Which one of many, also where its page is one of many.
    assert.equal(await textOf('#where'), 'etcd-main-0 · S3 etcd-backup/main');
    assert.equal(await page.title(), '2 wrong · etcd-main-0 · etcd backup');
    assert.equal(await textOf('#phase'), 'snapshotter active');
    assert.match(await textOf('#errors'), /store_denied[\s\S]*Remedy: /);
    assert.match(await textOf('#summary'), /has failed for 12 min 34 s/);
    assert.match(await textOf('#retention-text'), /by the policy/);
    assert.match(await textOf('#members'), /etcd-main-0 \(this one\)\s+leader\s+healthy/);
    assert.match(await textOf('#members'), /c3 \(not started yet\)\s+learner/);
    assert.doesNotMatch(await textOf('#errors'), /`/);
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
