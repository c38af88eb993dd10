import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { EtcdGateway, type Write } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { type EndedRun, startInProcess } from '../../../support/cli/run-in-process.ts';
import { mapEntry, storedObject } from '../../../support/kube/stored-objects.ts';

async function run(...argv: readonly string[]): Promise<EndedRun> {
  return await startInProcess([...argv, '--log-format=text', '--log-level=warn']).ended;
}

async function succeeds(...argv: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(...argv);
  assert.equal(exitCode, 0, `${argv.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** A namespace with deployments and what they make, configuration, secrets, one of them encrypted, and an object of an extension. */
function objectsOf(namespace: string): readonly Extract<Write, { readonly put: string }>[] {
  const at = (resource: string, name: string): string => `/registry/${resource}/${namespace}/${name}`;
  const deployments = ['api', 'db', 'web'].flatMap((name) => [
    {
      put: at('deployments', name),
      value: storedObject({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name, uid: `${namespace}-${name}` }),
    },
    {
      put: at('replicasets', `${name}-1`),
      value: storedObject({
        ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, name: `${name}-1`, uid: `${namespace}-${name}-1` },
        controller: `${namespace}-${name}`,
      }),
    },
    {
      put: at('pods', `${name}-1-x`),
      value: storedObject({
        ...{ apiVersion: 'v1', kind: 'Pod', namespace, name: `${name}-1-x`, uid: `${namespace}-${name}-1-x` },
        controller: `${namespace}-${name}-1`,
      }),
    },
  ]);
  const widget = {
    apiVersion: 'stable.io/v1',
    kind: 'Widget',
    metadata: { name: 'one', namespace },
    spec: { size: 3 },
  };
  const named = { apiVersion: 'v1', namespace, name: 'settings' };
  return [
    {
      put: `/registry/namespaces/${namespace}`,
      value: storedObject({ apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: `${namespace}-uid` }),
    },
    ...deployments,
    {
      put: at('configmaps', 'settings'),
      value: storedObject({ ...named, kind: 'ConfigMap', uid: `${namespace}-c`, second: mapEntry('colour', 'blue') }),
    },
    {
      put: at('secrets', 'login'),
      value: storedObject({
        ...named,
        kind: 'Secret',
        name: 'login',
        uid: `${namespace}-s`,
        second: mapEntry('password', 'hunter2'),
      }),
    },
    { put: at('secrets', 'sealed'), value: 'k8s:enc:aescbc:v1:key1:\u0001\u0002' },
    { put: at('stable.io/widgets', 'one'), value: JSON.stringify(widget) },
  ];
}

for (const line of etcdLines) {
  test(`etcd ${line}: a namespace of Kubernetes is seen, exported, deleted and brought back`, async () => {
    using home = makeTempDir();
    await using etcd = await startEtcd({ release: await etcdRelease(line) });
    const gateway = new EtcdGateway(etcd.clientUrl);
    const shop = objectsOf('shop');
    const last = await gateway.write([...shop, ...objectsOf('shop-2')]);
    const store = ['--storage-provider=Local', '--store-container', home.join('store')];
    const live = ['-e', etcd.clientUrl];
    const read = [...store, '--temp-dir', home.join('temp')];
    await succeeds('snapshot', '--once', ...store, ...live);
    const before = await gateway.state();

    const listed = await succeeds('ls', '--kubernetes', '-n', 'shop', '/registry/', ...read);
    assert.equal(listed.trimEnd().split('\n').length, shop.length + 1);
    assert.match(listed, /^NAMESPACE +KIND +SIZE +REVISION +NAME\n/);
    assert.match(listed, /\nshop +Deployment +\d+ +2 +web\n/);
    assert.match(listed, /\nshop +Widget +\d+ +2 +one\n/);
    assert.match(listed, /\nshop +secrets +\d+ +2 +sealed {2}\(encrypted\)\n/);
    assert.match(listed, /\n- +Namespace +\d+ +2 +shop\n/);
    assert.match(await succeeds('ls', '--kubernetes', '--depth', '1', '/registry/', ...read), /\n +6 +\d+ +Pod +v1\n/);
    assert.match(
      await succeeds('ls', '--kubernetes', '--depth', '2', '/registry/', ...read),
      /\n +3 +\d+ +Pod +shop-2 +v1\n/,
    );

    for (const [args, what] of [
      [['--kubernetes', '-n', 'shpo'], 'object of the namespace "shpo"'],
      [['--kubernetes', '/registry/pod/'], 'key that begins with "/registry/pod/"'],
      [['registry/'], 'key that begins with "registry/"'],
      [['--depth', '1', 'registry/'], 'key that begins with "registry/"'],
    ] as const) {
      const nothing = await run('ls', ...args, ...read);
      assert.equal(nothing.exitCode, 0);
      assert.match(nothing.stderr, new RegExp(`No ${what} is there at revision 2\n`));
    }

    const secret = '/registry/secrets/shop/login';
    assert.match(
      await succeeds('get', '-o', 'yaml', '/registry/configmaps/shop/settings', ...read),
      /kind: ConfigMap\n[\s\S]*data:\n {2}colour: blue\n/,
    );
    for (const format of ['text', 'yaml']) {
      assert.doesNotMatch(await succeeds('get', '-o', format, secret, ...read), /hunter2|aHVudGVyMg/);
    }
    assert.match(await succeeds('get', '-o', 'yaml', '--show-secrets', secret, ...read), /password: aHVudGVyMg==/);
    assert.match(await succeeds('get', '-o', 'raw', secret, ...read), /hunter2/);
    assert.match(
      await succeeds('get', '/registry/secrets/shop/sealed', ...read),
      /Encrypted: +by aescbc v1 with the key "key1"/,
    );

    await gateway.write([
      ...shop.map(({ put }) => ({ delete: put })),
      {
        put: '/registry/secrets/shop-2/login',
        value: storedObject({
          ...{ apiVersion: 'v1', kind: 'Secret', namespace: 'shop-2', name: 'login' },
          uid: 'new',
          second: mapEntry('password', 'swordfish'),
        }),
      },
    ]);
    const gone = await gateway.state();
    const summary = await succeeds(
      'diff',
      '--kubernetes',
      'newest',
      'live',
      '--prefix',
      '/registry/',
      ...read,
      ...live,
    );
    assert.match(
      summary,
      /^1 ConfigMap deleted in namespace shop\n3 Deployments deleted in namespace shop\n1 Namespace deleted\n3 Pods deleted in namespace shop\n/,
    );
    assert.match(summary, /\n1 Secret changed in namespace shop-2\n0 keys added, 1 changed, 14 deleted, /);
    assert.match(summary, /\n1 secrets \(encrypted\) deleted in namespace shop\n/);
    for (const flags of [
      ['-n', 'shpo'],
      ['--prefix', '/registry/pod/'],
    ]) {
      const none = await run('diff', 'newest', 'live', ...flags, ...read, ...live);
      assert.match(none.stderr, /No (?:object of|key that) .* is there in either state\n/);
    }
    const alike = await run('diff', 'newest', 'live', '--prefix', '/registry/pods/shop-2/', ...read, ...live);
    assert.deepEqual([alike.exitCode, alike.stderr], [0, '']);
    assert.match(
      (await run('diff', '99', 'live', ...read, ...live)).stderr,
      /^error: cannot read a state from .*; give at most the revision 2, or newest\n$/,
    );
    const changes = await succeeds('diff', 'newest', 'live', '-n', 'shop-2', ...read, ...live);
    assert.match(
      changes,
      /^~ \/registry\/secrets\/shop-2\/login .*\n {4}\(a secret of \d+ B; --show-secrets shows it\)\n0 keys added, 1 changed/,
    );
    assert.doesNotMatch(changes, /hunter2|swordfish/);

    const file = home.join('shop.yaml');
    const sealed = await run('export', '--kubernetes', '-n', 'shop', '--to', file, ...read);
    assert.equal(sealed.exitCode, 1);
    assert.match(
      sealed.stderr,
      /1 key holds no object that can be decoded: \/registry\/secrets\/shop\/sealed; all others are written/,
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const documents = parseAllDocuments(readFileSync(file, 'utf8')).map(
      (each) => each.toJS() as { readonly kind: string; readonly metadata: object },
    );
    assert.deepEqual(
      documents.map(({ kind }) => kind),
      ['Namespace', 'ConfigMap', 'Deployment', 'Deployment', 'Deployment', 'Secret', 'Widget'],
      'what deployments make is left out',
    );
    assert.ok(documents.every(({ metadata }) => !('uid' in metadata)));
    const directory = home.join('shop');
    await run('export', '--kubernetes', '--raw', '-n', 'shop', '--to-dir', directory, ...read);
    assert.match(readFileSync(`${directory}/registry/pods/shop/web-1-x.yaml`, 'utf8'), /\n {2}uid: shop-web-1-x\n/);

    const undelete = ['undelete', '--before-revision', String(last + 1), '-n', 'shop', ...read, ...live];
    assert.match(await succeeds(...undelete), /\n14 keys would be created; nothing was written/);
    assert.deepEqual(await gateway.state(), gone);
    for (const flags of [[], ['--yes']]) {
      const mistyped = await run(
        'undelete',
        '-n',
        'shpo',
        '--before-revision',
        String(last + 1),
        ...flags,
        ...read,
        ...live,
      );
      assert.equal(mistyped.exitCode, 1);
      assert.match(
        mistyped.stderr,
        new RegExp(
          `no object of the namespace "shpo", under .* is there at revision ${last}, so there is nothing to bring back`,
        ),
      );
    }
    const created = (await succeeds(...undelete, '--yes')).split('\n').map((each) => each.split(/ +/)[1] ?? '');
    assert.match(
      await succeeds(...undelete),
      /^0 keys would be created, 14 already there; there is nothing to write\n$/,
    );
    const place = (key: string): number => created.indexOf(`/registry/${key}`);
    assert.equal(place('namespaces/shop'), 0);
    assert.ok(place('deployments/shop/web') < place('replicasets/shop/web-1'));
    assert.ok(place('replicasets/shop/web-1') < place('pods/shop/web-1-x'), 'nothing comes before its owner');
    const valuesOf = ({ keys }: typeof before): readonly unknown[] =>
      keys
        .filter(({ key }) => key !== Buffer.from('/registry/secrets/shop-2/login').toString('base64'))
        .map(({ key, value }) => [key, value]);
    assert.deepEqual(valuesOf(await gateway.state()), valuesOf(before));
  });
}
