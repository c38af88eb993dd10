import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { projectRoot } from '../../scripts/lab/project-root.ts';
import { makeTempDir, type TempDir } from '../../scripts/lab/temp-dir.ts';
import { putMany } from '../support/etcd/put-many.ts';
import { goldenStorePath } from '../support/fixtures/golden-store.ts';
import { imageRoot, runContainer } from './container.ts';

const NONROOT = 65_532;

interface ImageFacts {
  readonly OCIv1: {
    readonly config: {
      readonly User: string;
      readonly Env: readonly string[];
      readonly Entrypoint: readonly string[];
      readonly WorkingDir: string;
      readonly Labels: Readonly<Record<string, string>>;
    };
  };
}

/** A directory that the user of the image owns. */
function volume(dir: TempDir, name: string): string {
  chmodSync(dir.path, 0o755);
  mkdirSync(dir.join(name), { mode: 0o700 });
  chownSync(dir.join(name), NONROOT, NONROOT);
  return dir.join(name);
}

function filesOf(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
}

describe('the image', () => {
  const files = filesOf(imageRoot);

  it('says who it is and how it starts', () => {
    const { config } = (JSON.parse(readFileSync(env['IMAGE_FACTS'] ?? '', 'utf8')) as ImageFacts).OCIv1;
    assert.equal(config.User, '65532:65532');
    assert.deepEqual(config.Entrypoint, ['/etcdbrctl']);
    assert.equal(config.WorkingDir, '/');
    assert.ok(config.Env.includes('PATH=/usr/local/bin:/usr/bin:/bin'));
    assert.ok(!config.Env.some((each) => each.startsWith('HOME=')), 'HOME comes from /etc/passwd');
    const { 'org.opencontainers.image.version': version, 'org.opencontainers.image.revision': revision } =
      config.Labels;
    const printed = runContainer(['--version']).stdout;
    assert.ok(printed.includes(String(version)), printed);
    assert.ok(printed.includes(String(revision)), `${printed} ${revision}`);
  });

  it('holds the executable, certificates, glibc and libstdc++, and nothing else that runs', (t) => {
    const bytes = files.reduce((sum, name) => sum + lstatSync(join(imageRoot, name)).size, 0);
    t.diagnostic(`${files.length} files, ${(bytes / 1024 / 1024).toFixed(0)} MiB`);
    const known =
      /^\/(?:etcdbrctl|usr\/local\/bin\/etcdbrctl|etc\/(?:passwd|group|nsswitch\.conf|ssl\/certs\/ca-certificates\.crt|hosts|resolv\.conf)|usr\/share\/doc\/.*|var\/lib\/dpkg\/status\.d\/.*|lib(?:64)?\/(?:[a-z0-9_-]+\/)?(?:ld-linux-[a-z0-9-]+|lib(?:c|m|dl|pthread|gcc_s|stdc\+\+))\.so\.\d+)$/;
    assert.deepEqual(
      files.filter((name) => !known.test(name)),
      [],
    );
    const [, said = ''] = /an image of about (\d+) MiB/.exec(readFileSync(`${projectRoot}README.md`, 'utf8')) ?? [];
    assert.ok(Math.abs(bytes / 1024 / 1024 - Number(said)) <= 10, `${bytes} bytes, README.md says ${said} MiB`);
    assert.equal(readlinkSync(join(imageRoot, 'usr/local/bin/etcdbrctl')), '/etcdbrctl');
    const home = statSync(join(imageRoot, 'home/nonroot'));
    assert.deepEqual([home.uid, home.gid, home.mode & 0o7777], [NONROOT, NONROOT, 0o700]);
    assert.equal(statSync(join(imageRoot, 'root')).uid, 0);
    assert.equal(statSync(join(imageRoot, 'tmp')).mode & 0o7777, 0o1777);
  });

  it('trusts what Debian trusts, and not what this machine trusts besides', () => {
    const pem = readFileSync(join(imageRoot, 'etc/ssl/certs/ca-certificates.crt'), 'utf8');
    const authorities = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    assert.ok(authorities.length > 100, `${authorities.length} authorities`);
    assert.ok(authorities.every((each) => new X509Certificate(each).ca));
  });

  it('has no library that it lacks, and is on PATH', () => {
    for (const command of ['/etcdbrctl', 'etcdbrctl']) {
      const { status, stderr } = runContainer(['help'], { command });
      assert.equal(status, 0, stderr);
    }
  });
});

for (const [who, user, variables] of [
  ['its own user with a home directory', '65532:65532', { HOME: '/home/nonroot' }],
  ['its own user without HOME', '65532:65532', {}],
  ['a user without an entry in passwd and without HOME', '54321:54321', {}],
  ['root', '0:0', { HOME: '/root' }],
] as const) {
  describe(`on a read-only root, ${who}`, () => {
    it('lists, verifies and restores a backup', () => {
      using dir = makeTempDir();
      const data = volume(dir, 'data');
      const [uid = '', gid = ''] = user.split(':');
      chownSync(data, Number(uid), Number(gid));
      const store = goldenStorePath('etcd-3.5/gzip');
      const options = { user, variables, volumes: { '/backup': store, '/data': data } };
      const place = ['--storage-provider', 'Local', '--store-container', '/backup', '--store-prefix', 'etcd-main'];
      const listed = runContainer(['list', ...place], options);
      assert.equal(listed.status, 0, listed.stderr);
      assert.match(listed.stdout, /Full-00000000-00000058/);
      const verified = runContainer(['verify', '--level', 'restore', '--temp-dir', '/data', ...place], options);
      assert.equal(verified.status, 0, verified.stderr);
      const restored = runContainer(
        ['restore', '-d', '/data/etcd', '--restoration-temp-snapshots-dir', '/data/temp', ...place],
        options,
      );
      assert.equal(restored.status, 0, restored.stderr);
      const db = statSync(join(data, 'etcd/member/snap/db'));
      assert.deepEqual([db.uid, db.mode & 0o777], [Number(uid), 0o600]);
    });
  });
}

describe('next to a real etcd', () => {
  it('backs up, below the home directory of its user', async () => {
    await using etcd = await startEtcd({ release: await etcdRelease('3.5') });
    const revision = await putMany(etcd, { keys: 50, value: () => Buffer.from('value') });
    using dir = makeTempDir();
    const home = volume(dir, 'home');
    const options = { variables: { HOME: '/home/nonroot' }, volumes: { '/home/nonroot': home } };
    const place = ['--storage-provider', 'Local', '--store-container', 'backups'];
    const taken = runContainer(
      [
        'snapshot',
        '--once',
        '--endpoints',
        etcd.clientUrl,
        '--snapstore-temp-directory',
        '/home/nonroot/temp',
        ...place,
      ],
      options,
    );
    assert.equal(taken.status, 0, taken.stderr);
    const [full = ''] = readdirSync(join(home, 'backups/v2'));
    assert.match(full, new RegExp(`^Full-0+-0*${revision}-`));
  });
});
