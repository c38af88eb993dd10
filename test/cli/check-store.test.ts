import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeRig } from './rig.ts';

describe('check-store', () => {
  it('tells how a directory does, and leaves nothing in it', async () => {
    await using rig = makeRig();
    const flags = [
      '--storage-provider',
      'Local',
      '--store-container',
      rig.home.join('store'),
      '--store-prefix',
      'etcd',
    ];
    const { stdout, stderr, exitCode } = await rig.run(['check-store', ...flags]);
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stdout,
      /^Store: +\S+\/store\/etcd\/v2\nContainer: .* made; .*\nWrite: +ok, \d+ ms\nList: +ok, \d+ ms\nRead: +ok, \d+ ms\n/,
    );
    assert.match(stdout, /\nDelete: +ok, \d+ ms\nClock: .* agree\nVersions: +not kept\nImmutable: +no\n$/);
    const left = readdirSync(rig.home.join('store'), { recursive: true, withFileTypes: true });
    assert.deepEqual(
      left.filter((entry) => entry.isFile()),
      [],
    );
  });

  it('says that the container was not there', async () => {
    await using rig = makeRig();
    const flags = ['--storage-provider', 'Local', '--store-container', rig.home.join('mistyped')];
    const first = await rig.run(['check-store', ...flags, '-o', 'json']);
    assert.equal(Reflect.get(JSON.parse(first.stdout) as object, 'containerMade'), true);
    rmSync(rig.home.join('mistyped'), { recursive: true });
    const { stdout } = await rig.run(['check-store', ...flags]);
    assert.match(
      stdout,
      /^Container: +it did not exist and was made; if it should have been there, check --store-container/m,
    );
    const again = await rig.run(['check-store', ...flags]);
    assert.doesNotMatch(again.stdout, /^Container:/m);
  });

  it('prints JSON for a script', async () => {
    await using rig = makeRig();
    const flags = ['--storage-provider', 'Local', '--store-container', rig.home.join('store'), '-o', 'json'];
    const { stdout, exitCode } = await rig.run(['check-store', ...flags]);
    assert.equal(exitCode, 0);
    const { steps, versioned } = JSON.parse(stdout) as {
      readonly steps: Readonly<Record<string, { readonly outcome: string }>>;
      readonly versioned: boolean;
    };
    assert.deepEqual(Object.keys(steps), ['write', 'list', 'read', 'delete']);
    assert.ok(Object.values(steps).every(({ outcome }) => outcome === 'ok'));
    assert.equal(versioned, false);
  });

  it('fails when the store cannot be written', async () => {
    await using rig = makeRig();
    writeFileSync(rig.home.join('file'), '');
    const flags = ['--storage-provider', 'Local', '--store-container', rig.home.join('file')];
    const { stdout, stderr, exitCode } = await rig.run(['check-store', ...flags]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^Write: +failed: cannot /m);
    assert.match(stdout, /^Read: +not tried/m);
    assert.match(stderr, /it is not possible to write/);
  });

  it('is soon done with a store that nobody answers for, and says why', async () => {
    await using rig = makeRig();
    writeFileSync(
      rig.home.join('keys.json'),
      JSON.stringify({ accessKeyID: 'AK', secretAccessKey: 'SK', region: 'test', endpoint: 'http://127.0.0.1:9' }),
    );
    const flags = ['--storage-provider', 'S3', '--store-container', 'b', '-o', 'json'];
    const begun = performance.now();
    const env = { AWS_APPLICATION_CREDENTIALS_JSON: rig.home.join('keys.json') };
    const { stdout, stderr, exitCode } = await rig.run(['check-store', ...flags], { env });
    assert.equal(exitCode, 1);
    assert.match(stdout, /the connection is refused|the host name/);
    const said = `${stdout}${stderr.trimEnd().split('\n').at(-1)}`.match(/the connection is refused|the host name/g);
    assert.equal(said?.length, 2, 'once for each step, and not again');
    assert.doesNotMatch(`${stdout}${stderr}`, /ECONN\w+:|connect ECONN|getaddrinfo/);
    assert.ok(performance.now() - begun < 25_000, 'nothing is tried for long');
    const elsewhere = [...flags.slice(0, -2), '--store-endpoint-override', 'http://127.0.0.1:9'];
    const text = await rig.run(['check-store', ...elsewhere], {
      env: { AWS_DEFAULT_REGION: 'test', AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'SK' },
    });
    assert.match(text.stdout, /^Write: +failed: .*the connection is refused/m);
    assert.match(text.stdout, /^List: +failed for the same reason$/m);
    assert.doesNotMatch(text.stderr, /^error: .*the connection is refused/m);
  });
});
