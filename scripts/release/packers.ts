import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { debianControl, debianScripts, rpmSpec } from './package-metadata.ts';
import { type ReleaseParts, writeArchiveTree, writeInstalledTree } from './release-tree.ts';
import { packageVersion } from './version.ts';

/** One architecture of a release, and where its archives are written. */
export interface PackRequest {
  readonly parts: ReleaseParts;
  readonly architecture: Architecture;
  /** For intermediate files; made anew. */
  readonly workDir: string;
  readonly outputDir: string;
}

/** Makes NAME.tar.gz, in which everything belongs to root and has the date of the commit. Returns the path. */
export function packTar({ parts, architecture, workDir, outputDir }: PackRequest): string {
  const name = `etcdbrctl-${parts.version}-linux-${architecture.debian}`;
  emptied(workDir);
  writeArchiveTree(parts, join(workDir, name));
  const file = join(outputDir, `${name}.tar.gz`);
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=go-w'];
  const order = ['--sort=name', '--format=gnu', `--mtime=@${parts.epoch}`];
  // gzip -n notes neither name nor time.
  run('tar', ['-C', workDir, ...order, ...owner, '-I', 'gzip -n -6', '-cf', file, name], parts.epoch);
  return file;
}

/** Makes a package for Debian and Ubuntu. Returns its path. */
export function packDebian({ parts, architecture, workDir, outputDir }: PackRequest): string {
  emptied(workDir);
  const tree = join(workDir, 'tree');
  writeInstalledTree(parts, tree, 'usr/share/zsh/vendor-completions');
  const meta = join(tree, 'DEBIAN');
  mkdirSync(meta, { mode: 0o755 });
  writeFileSync(join(meta, 'control'), debianControl({ ...parts, architecture: architecture.debian }));
  writeFileSync(join(meta, 'conffiles'), '/etc/etcdbrctl/config.yaml\n');
  for (const [name, script] of Object.entries(debianScripts)) {
    writeFileSync(join(meta, name), script, { mode: 0o755 });
  }
  const version = packageVersion(parts.version);
  const file = join(outputDir, `etcdbrctl_${version}-1_${architecture.debian}.deb`);
  // gzip, which every dpkg reads, and whose output does not depend on the number of processors.
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z6', '--build', tree, file], parts.epoch);
  return file;
}

/** Makes a package for RHEL, Fedora and SUSE. Returns its path. */
export function packRpm({ parts, architecture, workDir, outputDir }: PackRequest): string {
  emptied(workDir);
  const tree = join(workDir, 'tree');
  writeInstalledTree(parts, tree, 'usr/share/zsh/site-functions');
  const spec = join(workDir, 'etcdbrctl.spec');
  writeFileSync(spec, rpmSpec(parts));
  const macros = {
    _topdir: join(workDir, 'rpm'),
    _rpmdir: outputDir,
    _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
    _tree: tree,
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    _binary_payload: 'w6.gzdio',
    _build_id_links: 'none',
    debug_package: '%{nil}',
    __os_install_post: '%{nil}',
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  run('rpmbuild', ['-bb', '--quiet', '--target', `${architecture.rpm}-linux`, ...defines, spec], parts.epoch);
  return join(outputDir, `etcdbrctl-${packageVersion(parts.version)}-1.${architecture.rpm}.rpm`);
}

function emptied(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
}

/** Times are those of the commit, and nothing depends on who runs it: zone, language and mask of new files are fixed. */
function run(command: string, args: readonly string[], epoch: number): void {
  execFileSync(command, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      TZ: 'UTC',
      LC_ALL: 'C.UTF-8',
      SOURCE_DATE_EPOCH: String(epoch),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
