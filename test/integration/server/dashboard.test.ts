import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { dashboardHtml, dashboardSource } from '../../../scripts/build/dashboard.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import { run } from '../../../scripts/lab/run.ts';
import { limits } from '../../../src/runtime/limits.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RawConnection } from '../../support/server/raw-connection.ts';
import { serveFakeSidecar } from '../../support/server/serve-fake-sidecar.ts';

before(async () => {
  await run(process.execPath, ['scripts/build-dashboard.ts'], { cwd: projectRoot });
});

const ask = 'GET /dashboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

describe('the page of the dashboard', () => {
  it('is one file that loads nothing else and runs nothing but its own script', async () => {
    await using server = await serveFakeSidecar();
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    const html = await response.text();
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; connect-src 'self';/,
    );
    assert.match(policy, /form-action 'none'; frame-ancestors 'none'$/);
    for (const tag of ['script', 'style']) {
      const all = [...html.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))];
      assert.equal(all.length, 1);
      const hash = createHash('sha256')
        .update(all[0]?.[1] ?? '')
        .digest('base64');
      assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), policy);
    }
    // The namespace of SVG is a name, and nothing is at it.
    assert.deepEqual(
      html.replaceAll('http://www.w3.org/2000/svg', '').match(/(https?:)?\/\/[a-z][^\s"'`]*/gi) ?? [],
      [],
    );
    assert.ok(
      !/ (on[a-z]+|style)=/i.test(html.replace(/<script[\s\S]*<\/script>/, '')),
      'the markup has code or style',
    );
    assert.equal(html, await dashboardHtml(projectRoot));
  });

  it('never takes a text for markup', () => {
    for (const name of readdirSync(`${projectRoot}/${dashboardSource}`).filter((each) => each.endsWith('.ts'))) {
      const source = readFileSync(`${projectRoot}/${dashboardSource}/${name}`, 'utf8');
      assert.doesNotMatch(
        source,
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc/,
        name,
      );
    }
  });

  it('is not served where it is off', async () => {
    await using server = await serveFakeSidecar({ dashboard: false });
    for (const path of ['/', '/dashboard/events']) {
      assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}`)).status, 404);
    }
  });
});

describe('the news for the dashboard', () => {
  it('come at once, again when something has changed, and not while nothing has', async () => {
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ clock });
    await using viewer = await RawConnection.open(server.port);
    viewer.send(ask);
    await viewer.until(/event: state\ndata: .*\n\nevent: store\n/);
    assert.match(viewer.text, /content-type: text\/event-stream/i);
    await clock.untilSleeping(2_000);
    const quiet = viewer.text.length;
    await clock.advance(6_000);
    assert.equal(viewer.text.length, quiet);
    server.sidecar.healthy = false;
    await clock.advance(2_000);
    await viewer.until(/"isHealthy":false/);
    await clock.advance(20_000);
    await eventually(() => ((viewer.text.match(/event: clock/g) ?? []).length >= 3 ? true : undefined));
  });

  it('cost nothing while nobody looks', async () => {
    const clock = new FakeClock();
    await using server = await serveFakeSidecar({ clock });
    const viewer = await RawConnection.open(server.port);
    viewer.send(ask);
    await viewer.until(/event: store/);
    await clock.untilSleeping(2_000);
    await viewer[Symbol.asyncDispose]();
    await eventually(() => (clock.waits.includes(2_000) ? undefined : true));
    assert.deepEqual(clock.waits, []);
  });

  it('go to a few at the same time, and others are told to come again', async () => {
    await using server = await serveFakeSidecar();
    const viewers = await Promise.all(
      Array.from({ length: limits.viewers.most }, () => RawConnection.open(server.port)),
    );
    for (const viewer of viewers) {
      viewer.send(ask);
      await viewer.until(/event: store/);
    }
    const refused = await fetch(`http://127.0.0.1:${server.port}/dashboard/events`);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '10']);
    await viewers[0]?.[Symbol.asyncDispose]();
    await eventually(async () => {
      await using another = await RawConnection.open(server.port);
      another.send(ask);
      return /200 OK/.test(await another.until(/HTTP\/1.1 \d+/)) ? true : undefined;
    });
    await Promise.all(viewers.map((viewer) => viewer[Symbol.asyncDispose]()));
  });

  it('end when the server stops, which waits for nobody who looks', async () => {
    const server = await serveFakeSidecar();
    await using viewer = await RawConnection.open(server.port);
    viewer.send(ask);
    await viewer.until(/event: store/);
    await server.server.close({ graceMs: 60_000 });
    await viewer.closed;
    assert.match(viewer.text, /\r\n0\r\n\r\n$/);
  });

  it('say why a store cannot be listed, with the means against it of each error', async () => {
    await using server = await serveFakeSidecar();
    server.sidecar.onBackups = () => Promise.reject(new Error('access is denied'));
    server.sidecar.onMembers = () => Promise.reject(new Error('etcd is away'));
    await using viewer = await RawConnection.open(server.port);
    viewer.send(ask);
    await viewer.until(/"problem":"access is denied"/);
    await viewer.until(/"problem":"etcd is away"/);
  });
});
