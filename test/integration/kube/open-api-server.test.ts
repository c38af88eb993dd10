import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { openApiServer } from '../../../src/kube/open-api-server.ts';
import { startApiServer } from '../../support/servers/api-server.ts';

const { signal } = new AbortController();
const path = '/apis/coordination.k8s.io/v1/namespaces/a/leases/b';

function kubeconfig(server: string, user: string, more = ', insecure-skip-tls-verify: true'): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    'current-context: c',
    `clusters: [{ name: k, cluster: { server: "${server}"${more} } }]`,
    'contexts: [{ name: c, context: { cluster: k, user: u } }]',
    `users: [{ name: u, user: ${user} }]`,
  ].join('\n');
}

describe('the API server', () => {
  it('is the one that KUBECONFIG names, else that of ~/.kube/config', async () => {
    await using server = await startApiServer();
    server.token = 'secret';
    server.create('a', 'b');
    using dir = makeTempDir();
    mkdirSync(dir.join('.kube'));
    writeFileSync(dir.join('.kube', 'config'), kubeconfig(server.url.href, '{ token: secret }'));
    for (const environment of [{ KUBECONFIG: dir.join('.kube', 'config') }, { HOME: dir.path }]) {
      using api = await openApiServer({ environment });
      assert.equal(api.location, server.url.origin);
      assert.equal((await api.request({ method: 'GET', path, signal })).status, 200);
    }
  });

  it('is put together of several files, of which the first counts, as kubectl does', async () => {
    await using server = await startApiServer();
    server.token = 'secret';
    server.create('a', 'b');
    using dir = makeTempDir();
    const whole = kubeconfig(server.url.href, '{ token: secret }');
    const lines = whole.split('\n');
    const without = (key: string): string => lines.filter((line) => !line.startsWith(key)).join('\n');
    const account = without('clusters').replace('secret', 'wrong');
    for (const texts of [
      [without('users'), without('clusters')],
      [without('current-context'), without('contexts')],
      [whole, account],
    ]) {
      const files = texts.map((text, at) => {
        const file = dir.join(`config-${at}`);
        writeFileSync(file, text);
        utimesSync(file, 1, 1);
        return file;
      });
      using api = await openApiServer({ environment: { KUBECONFIG: [dir.join('none'), ...files].join(':') } });
      assert.equal((await api.request({ method: 'GET', path, signal })).status, 200);
    }
  });

  it('of a pipe that nobody writes into stops nothing else, nor does one among the files of the account', async () => {
    using dir = makeTempDir();
    const pipe = dir.join('pipe');
    execFileSync('mkfifo', [pipe]);
    const file = dir.join('config');
    writeFileSync(file, kubeconfig('https://127.0.0.1:1', `{ client-certificate: ${pipe}, client-key: ${pipe} }`));
    utimesSync(file, 1, 1);
    // In a process of its own: what stops everything would stop this test.
    const source = `
      const { openApiServer } = await import(${JSON.stringify(new URL('../../../src/kube/open-api-server.ts', import.meta.url).href)});
      let ticks = 0;
      setInterval(() => { ticks += 1; if (ticks === 20) { process.stdout.write('goes on'); process.exit(0); } }, 10);
      openApiServer({ environment: { KUBECONFIG: process.argv[1] } })
        .then((api) => api.request({ method: 'GET', path: '/', signal: new AbortController().signal })).catch(() => {});`;
    for (const named of [pipe, file]) {
      const arguments_ = ['--input-type=module', '--eval', source, named];
      const text = execFileSync(process.execPath, arguments_, { timeout: 100_000, env: {}, encoding: 'utf8' });
      assert.equal(text, 'goes on');
    }
  });

  it('of plain HTTP is asked without an account, unless the kubeconfig says that anybody may listen', async () => {
    await using server = await startApiServer();
    server.create('a', 'b');
    using dir = makeTempDir();
    const file = dir.join('config');
    writeFileSync(file, kubeconfig(server.url.href, '{ token: secret, username: u, password: secret }', ''));
    using api = await openApiServer({ environment: { KUBECONFIG: file } });
    let authorization: string | undefined;
    server.instead = (request, response) => {
      authorization = request.headers.authorization;
      response.end('{}');
    };
    assert.deepEqual(await api.request({ method: 'GET', path, signal }), { status: 200, body: {} });
    assert.equal(authorization, undefined);
  });

  it('is that of the cluster in a pod, with the token as it is now', async () => {
    using dir = makeTempDir();
    const environment = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '1', HOME: dir.path };
    using api = await openApiServer({ environment, serviceAccountDir: dir.path });
    assert.equal(api.location, 'https://[::1]:1');
    await assert.rejects(api.request({ method: 'GET', path, signal }), {
      code: 'kube_credentials',
      message: new RegExp(`the token or the authorities in ${dir.path} cannot be read`),
    });
    writeFileSync(dir.join('token'), 'first');
    writeFileSync(dir.join('ca.crt'), '');
    await assert.rejects(api.request({ method: 'GET', path, signal }), { code: 'kube_unreachable' });
  });

  it('that nothing names, or a kubeconfig of the wrong shape names, is a clear failure without secrets', async () => {
    using dir = makeTempDir();
    await assert.rejects(openApiServer({ environment: { HOME: dir.path } }), { code: 'kube_credentials' });
    const file = dir.join('config');
    for (const text of [
      'a: [',
      '[]',
      'hunter2',
      '',
      kubeconfig('ftp://hunter2', '{}'),
      kubeconfig('', '{}'),
      'current-context: x',
      'clusters: 7',
    ]) {
      writeFileSync(file, text);
      await assert.rejects(openApiServer({ environment: { KUBECONFIG: file } }), (error) => {
        assert.ok(error instanceof Error);
        assert.equal(Reflect.get(error, 'code'), 'kube_credentials', text);
        assert.equal(error.message.includes('hunter2'), false, error.message);
        return true;
      });
    }
    await assert.rejects(openApiServer({ environment: { KUBECONFIG: dir.join('none') } }), {
      code: 'kube_credentials',
    });
  });
});
