import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { EtcdGateway, type GatewayKey, type Write } from '../../../../scripts/lab/etcd-gateway.ts';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { systemClock } from '../../../../src/runtime/system-clock.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import { type EndedRun, startInProcess } from '../../../support/cli/run-in-process.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { startSnapshotter } from '../../../support/etcd/running-snapshotter.ts';
import { seededBytes } from '../../../support/fixtures/byte-streams.ts';

async function run(...argv: readonly string[]): Promise<EndedRun> {
  return await startInProcess([...argv, '--log-format=text', '--log-level=warn']).ended;
}

async function succeeds(...argv: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(...argv);
  assert.equal(exitCode, 0, `${argv.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

function storeAt(home: TempDir): ReturnType<typeof openStore> {
  return openStore(
    {
      provider: 'Local',
      container: home.join('store'),
      prefix: '',
      endpointOverride: undefined,
      maxParallelChunkUploads: 5,
      minChunkSize: 5 * 1024 * 1024,
      role: 'primary',
    },
    { ...recordedContext(), clock: systemClock, environment: {} },
  );
}

/** Objects of three namespaces as Kubernetes has them: values that are text, that are not, that are empty, and of some pages. */
function objects(): readonly Extract<Write, { readonly put: string }>[] {
  return ['a', 'shop', 'shop-2'].flatMap((namespace) => [
    { put: `/registry/namespaces/${namespace}`, value: `{"kind":"Namespace","metadata":{"name":"${namespace}"}}` },
    ...Array.from({ length: 30 }, (_, at) => ({
      put: `/registry/configmaps/${namespace}/settings-${at}`,
      value: at % 7 === 0 ? '' : seededBytes(at % 5 === 0 ? 40_000 : 300, at),
    })),
    { put: `/registry/secrets/${namespace}/key`, value: Buffer.from('k8s\0\n\0\x12\x01s', 'latin1') },
  ]);
}

function withoutRevisions(keys: readonly GatewayKey[]): readonly unknown[] {
  return keys.map(({ key, value }) => [Buffer.from(key, 'base64').toString(), value]);
}

for (const line of etcdLines) {
  test(`etcd ${line}: a namespace that was deleted comes back, with every value and its leases`, async () => {
    using home = makeTempDir();
    await using etcd = await startEtcd({ release: await etcdRelease(line) });
    const gateway = new EtcdGateway(etcd.clientUrl);
    await using store = await storeAt(home);
    const inStore = [
      '--storage-provider=Local',
      '--store-container',
      home.join('store'),
      '--temp-dir',
      home.join('temp'),
    ];
    const live = ['-e', etcd.clientUrl];
    const all = objects();
    await gateway.write(all.slice(0, 40));
    const compacted = await gateway.write([{ put: '/other', value: 'x' }]);
    await etcd.etcdctl('compaction', String(compacted), '--physical');
    let deleted = 0;
    {
      await using snapshotter = await startSnapshotter([etcd.clientUrl], store);
      await gateway.write(all.slice(40));
      const lease = await gateway.grantLease(1_800);
      await gateway.write([{ put: '/registry/events/shop/started', value: 'event', lease }]);
      const before = await gateway.state();
      for (const prefix of ['configmaps/shop/', 'secrets/shop/', 'events/shop/', 'namespaces/shop']) {
        const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
        const until = prefix.endsWith('/') ? { until: `/registry/${end}` } : {};
        deleted = await gateway.write([{ delete: `/registry/${prefix}`, ...until }]);
      }
      // Written again since: it is left alone.
      const last = await gateway.write([{ put: '/registry/configmaps/shop/settings-3', value: 'newer' }]);
      await snapshotter.covers(last);
      const prefixes = ['configmaps/shop/', 'secrets/shop/', 'events/shop/', 'namespaces/shop'].map(
        (prefix) => `/registry/${prefix}`,
      );
      const undelete = ['undelete', ...prefixes, '--before-revision', String(deleted - 3), ...inStore, ...live];
      const gone = await gateway.state();
      const planned = await succeeds(...undelete);
      assert.match(
        planned,
        /\n32 keys would be created, 1 already there, 1 there with another value and left alone; nothing was written/,
      );
      assert.doesNotMatch(planned, /shop-2/, 'what was not deleted is not listed');
      assert.deepEqual(await gateway.state(), gone, 'a dry run changes nothing');
      assert.match(
        await succeeds(...undelete, '--yes'),
        /\n32 keys created, 1 already there, 1 there with another value and left alone\n$/,
      );
      const after = await gateway.state();
      assert.deepEqual(
        withoutRevisions(after.keys),
        withoutRevisions(before.keys).map((each) =>
          (each as readonly string[])[0] === '/registry/configmaps/shop/settings-3'
            ? ['/registry/configmaps/shop/settings-3', Buffer.from('newer').toString('base64')]
            : each,
        ),
      );
      const event = after.keys.find(
        ({ key }) => Buffer.from(key, 'base64').toString() === '/registry/events/shop/started',
      );
      assert.equal(
        after.leases.find(({ id }) => id === event?.lease)?.grantedTtl,
        1_800,
        'its lease has the same time to live',
      );
      assert.notEqual(event?.lease, lease);
      assert.match(await succeeds(...undelete, '--yes'), /\n0 keys created, 33 already there/);
      assert.deepEqual((await gateway.state()).revision, after.revision, 'run again it writes nothing');
      for (const [flags, message] of [
        [['--before-revision', '99999'], /revision 99998 is wanted.*; give at most --before-revision \d+$/],
        [['--before', '2001-01-01T00:00:00Z'], /^error: cannot /],
        [['--before-revision', String(compacted)], /^error: cannot .*compact/],
      ] as const) {
        const outside = await run('undelete', '/registry/', '--yes', ...flags, ...inStore, ...live);
        assert.equal(outside.exitCode, 1, flags.join(' '));
        assert.match(outside.stderr.trimEnd(), message);
        assert.doesNotMatch(outside.stderr, /--(to-)?(time|revision) /);
      }
      assert.equal((await run('undelete', '/registry/', ...inStore, ...live)).exitCode, 2);
      assert.equal((await run('undelete', '--before', '5m ago', ...inStore, ...live)).exitCode, 2);
    }
  });

  test(`etcd ${line}: an export is written to another cluster, and refused where that has changed`, async () => {
    using home = makeTempDir();
    await using etcd = await startEtcd({
      release: await etcdRelease(line),
      extraArgs: ['--max-request-bytes', '700000'],
    });
    const gateway = new EtcdGateway(etcd.clientUrl);
    const lease = await gateway.grantLease(1_800);
    await gateway.write(objects().slice(0, 60));
    await gateway.write([{ put: '/leased', value: 'x', lease }]);
    const before = await gateway.state();
    await succeeds(
      'snapshot',
      '--once',
      '--storage-provider=Local',
      '--store-container',
      home.join('store'),
      '-e',
      etcd.clientUrl,
    );
    const inStore = [
      '--storage-provider=Local',
      '--store-container',
      home.join('store'),
      '--temp-dir',
      home.join('temp'),
    ];
    const file = home.join('all.jsonl');
    const directory = home.join('all');
    await succeeds('export', '/registry/', '/leased', '/registry/secrets/', '--to', file, ...inStore);
    await succeeds('export', '/registry/', '/leased', '--to-dir', directory, ...inStore);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(`${directory}/registry/namespaces/a.value`).mode & 0o777, 0o600);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(await succeeds('export', '/registry/', '/leased', ...inStore), readFileSync(file, 'utf8'));

    const apply = ['apply', '-e', etcd.clientUrl];
    for (const [source, leases] of [
      [file, 'drop'],
      [directory, 'map'],
    ] as const) {
      await gateway.write([{ delete: '/', until: '0' }]);
      const made = await succeeds(...apply, source, '--yes', '--leases', leases);
      assert.match(made, /\n61 keys created\n$/);
      const { keys } = await gateway.state();
      assert.deepEqual(withoutRevisions(keys), withoutRevisions(before.keys));
      assert.equal(
        (keys.find(({ key }) => key === Buffer.from('/leased').toString('base64'))?.lease ?? '0') === '0',
        leases === 'drop',
      );
    }

    const [whole, clusterId = ''] = /"clusterId":"([0-9a-f]+)"/.exec(readFileSync(file, 'utf8')) ?? [];
    const [, decimal = '0'] =
      /"ClusterID" : (\d+)/.exec(await etcd.etcdctl('endpoint', 'status', '--write-out=fields')) ?? [];
    assert.equal(clusterId, BigInt(decimal).toString(16));
    const foreign = home.join('foreign.jsonl');
    writeFileSync(foreign, readFileSync(file, 'utf8').replace(String(whole), '"clusterId":"abcde"'));
    const untouched = await gateway.write([{ delete: '/registry/namespaces/a' }]);
    for (const [flags, consequence] of [
      [[], '--yes would write nothing'],
      [['--yes'], 'nothing was written'],
    ] as const) {
      const refused = await run(...apply, foreign, '--edited', ...flags);
      assert.equal(refused.exitCode, 1);
      assert.match(
        refused.stderr,
        new RegExp(
          `the keys are of the cluster abcde, and this one is ${clusterId}; ${consequence}; .*--other-cluster`,
        ),
      );
    }
    assert.equal((await gateway.state()).revision, untouched);
    assert.match(
      await succeeds(...apply, foreign, '--edited', '--other-cluster', '--yes'),
      /\n1 key created, 60 already there\n$/,
    );

    const saved = home.join('saved.db');
    await etcd.etcdctl('snapshot', 'save', saved);
    const ofFile = home.join('of-file.jsonl');
    await succeeds('export', '/registry/', '--file', saved, '--to', ofFile, '--temp-dir', home.join('temp'));
    assert.match(await succeeds(...apply, ofFile), /\n0 keys would be created, 60 already there/);
    const [named = ''] = /"memberIds":\["[0-9a-f]+"\]/.exec(readFileSync(ofFile, 'utf8')) ?? [];
    writeFileSync(foreign, readFileSync(ofFile, 'utf8').replace(named, '"memberIds":["abc"]'));
    const ofOthers = await run(...apply, foreign, '--edited', '--yes');
    assert.equal(ofOthers.exitCode, 1);
    assert.match(ofOthers.stderr, /of a cluster with the members abc, and this one has [0-9a-f]+; nothing was written/);

    const changed = await gateway.write([
      { put: '/registry/namespaces/a', value: 'other' },
      { delete: '/registry/secrets/a/key' },
    ]);
    const conflict = await run(...apply, file, '--yes');
    assert.equal(conflict.exitCode, 1);
    assert.match(
      conflict.stderr,
      new RegExp(
        `cannot write keys to \\S+: "/registry/namespaces/a" has another value, of revision ${changed}; nothing was written; see etcdbrctl diff`,
      ),
    );
    assert.equal((await gateway.state()).revision, changed);
    assert.match(
      (await run(...apply, file)).stdout,
      /conflict +\/registry\/namespaces\/a .*\n[\s\S]*\n1 key would be created, 59 already there, 1 there with another value; nothing was written/,
    );
    const since = await run(...apply, file, '--yes', '--unchanged-since', String(changed - 1));
    assert.equal(since.exitCode, 1, 'it was changed after that');
    const going = await run(...apply, file, '--yes', '--keep-going');
    assert.equal(going.exitCode, 1);
    assert.match(going.stdout, /\n1 key created, 59 already there, 1 there with another value\n$/);
    assert.match(
      await succeeds(...apply, file, '--yes', '--unchanged-since', String(changed)),
      /\n0 keys created, 1 replaced, 60 already there\n$/,
    );
    assert.deepEqual(withoutRevisions((await gateway.state()).keys), withoutRevisions(before.keys));

    const text = readFileSync(file, 'utf8');
    const damages: readonly (readonly [string, string, RegExp])[] = [
      ['cut short', text.slice(0, -20), /line \d+ is none of an export/],
      ['cut at a line', text.slice(0, text.lastIndexOf('\n{"end"') + 1), /it is cut short: it ends after 62 lines/],
      ['changed', text.replace('"version":1', '"version":2'), /it was changed after it was written; .*--edited/],
      ['of something else', 'apiVersion: v1\n', /its first line is not that of an export/],
      ['empty', '', /it is empty/],
    ];
    for (const [what, content, message] of damages) {
      writeFileSync(file, content);
      const refused = await run(...apply, file, '--yes');
      assert.deepEqual([refused.exitCode, refused.stdout], [1, ''], what);
      assert.match(refused.stderr, message, what);
      assert.match(refused.stderr, /nothing was written/, what);
    }
    writeFileSync(file, text.replace('"version":1', '"version":2'));
    await succeeds(...apply, file, '--edited');
    truncateSync(`${directory}/registry/namespaces/a.value`, 3);
    assert.match(
      (await run(...apply, directory, '--yes')).stderr,
      /namespaces\/a\.value: it was changed after it was written/,
    );

    const huge = seededBytes(900_000, 3).toString('base64');
    const lines = [
      '{"export":1,"revision":1,"source":"a test","snapshots":[]}',
      ...[
        ['/small', 'x'],
        ['/huge', huge],
      ].map(([key, value]) =>
        JSON.stringify({ key, createRevision: 1, revision: 1, version: 1, lease: null, leaseTtl: null, value }),
      ),
      `{"end":true,"keys":2,"sha256":"${'0'.repeat(64)}"}`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    for (const flags of [[], ['--yes']]) {
      const tooLarge = await run(...apply, file, '--edited', ...flags);
      assert.equal(tooLarge.exitCode, 1);
      assert.match(
        tooLarge.stderr,
        /the value of "\/huge" has 1\.1 MiB, more than etcd takes in a request; .*--max-request-bytes/,
      );
      assert.equal(await gateway.get('/small'), undefined);
    }
    assert.equal((await run(...apply, file, '--edited', '--yes', '--keep-going')).exitCode, 1);
    assert.notEqual(await gateway.get('/small'), undefined);
  });

  test(`etcd ${line}: a cluster that takes no writes, or wants a login, is told as such`, async () => {
    using home = makeTempDir();
    const file = home.join('export.jsonl');
    const lines = [
      '{"export":1,"revision":1,"source":"a test","snapshots":[]}',
      JSON.stringify({
        key: '/a',
        createRevision: 1,
        revision: 1,
        version: 1,
        lease: null,
        leaseTtl: null,
        value: 'a',
      }),
      `{"end":true,"keys":1,"sha256":"${'0'.repeat(64)}"}`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    {
      await using etcd = await startEtcd({
        release: await etcdRelease(line),
        extraArgs: ['--quota-backend-bytes', '200000'],
      });
      const gateway = new EtcdGateway(etcd.clientUrl);
      const full = async (): Promise<void> => {
        for (let at = 0; at < 30; at++) {
          await gateway.write([{ put: `/fill-${at}`, value: seededBytes(30_000, at) }]);
        }
      };
      await assert.rejects(full(), /database space exceeded/);
      const planned = await run('apply', file, '--edited', '-e', etcd.clientUrl);
      assert.equal(planned.exitCode, 0);
      assert.match(planned.stderr, /has reached its quota and takes no writes: with --yes nothing could be written/);
      const refused = await run('apply', file, '--edited', '--yes', '-e', etcd.clientUrl);
      assert.equal(refused.exitCode, 1);
      assert.match(
        refused.stderr,
        /cannot write keys to \S+: its database has reached the quota, so it takes no writes; compact and defragment it/,
      );
    }
    const many = Array.from({ length: 30 }, (_, at) => at + 10);
    const small = home.join('small.jsonl');
    writeFileSync(
      small,
      [
        ...lines.slice(0, 1),
        ...many.map((at) => String(lines[1]).replace('"/a"', `"/a/${at}"`)),
        `{"end":true,"keys":30,"sha256":"${'0'.repeat(64)}"}\n`,
      ].join('\n'),
    );
    await using etcd = await startEtcd({
      release: await etcdRelease(line),
      rootPassword: 'root-password',
      extraArgs: ['--max-txn-ops', '10'],
    });
    const bare = await run('apply', file, '--edited', '--yes', '-e', etcd.clientUrl);
    assert.equal(bare.exitCode, 1);
    assert.match(bare.stderr, /it wants a user; give --etcd-username and --etcd-password/);
    await etcd.etcdctl('user', 'add', 'reader:password');
    const denied = await run(
      'apply',
      file,
      '--edited',
      '--yes',
      '-e',
      etcd.clientUrl,
      '--etcd-username=reader',
      '--etcd-password=password',
    );
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stderr, /permission denied; use a user that has the role root, or .* rights to these/);
    const flags = ['--etcd-username=root', '--etcd-password=root-password'];
    assert.match(
      await succeeds('apply', file, '--edited', '--yes', '-e', etcd.clientUrl, ...flags),
      /1 key created\n$/,
    );
    assert.match(await etcd.etcdctl('get', '/a'), /^\/a\na\n$/);
    await etcd.etcdctl('role', 'add', 'writer');
    await etcd.etcdctl('role', 'grant-permission', 'writer', 'readwrite', '/a', '--prefix');
    await etcd.etcdctl('user', 'grant-role', 'reader', 'writer');
    const writer = ['--etcd-username=reader', '--etcd-password=password'];
    const applied = await succeeds('apply', small, '--edited', '--yes', '-e', etcd.clientUrl, ...writer);
    assert.match(applied, /\n30 keys created\n$/, 'also where transactions may have ten operations only');
  });
}
