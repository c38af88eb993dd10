import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ThirdPartyPackage } from './third-party-package.ts';

/** The library of the Debian package libdeflate-dev, which the build linked in for an architecture. */
export function libdeflate(root: string, arch: string): ThirdPartyPackage {
  const printed = execFileSync(join(root, 'scripts/libdeflate.sh'), [arch], { encoding: 'utf8' }).trim();
  const directory = resolve(root, printed);
  const [triple, debian] = arch === 'arm64' ? ['aarch64-linux-gnu', 'arm64'] : ['x86_64-linux-gnu', 'amd64'];
  const version = packageVersion(directory);
  return {
    name: 'libdeflate',
    version,
    license: 'MIT',
    text: readFileSync(join(directory, 'usr/share/doc/libdeflate-dev/copyright'), 'utf8'),
    sha512: createHash('sha512')
      .update(readFileSync(join(directory, 'usr/lib', triple, 'libdeflate.a')))
      .digest('hex'),
    purl: purlOf(version, debian, readFileSync('/etc/os-release', 'utf8')),
  };
}

/** With the revision of the distribution, which is where the fixes of a stable release are. */
function packageVersion(directory: string): string {
  const control =
    directory === '/'
      ? execFileSync('dpkg-query', ['--status', 'libdeflate-dev'], { encoding: 'utf8' })
      : readFileSync(join(directory, 'DEBIAN/control'), 'utf8');
  const version = /^Version: (.+)$/m.exec(control)?.[1];
  if (version === undefined) {
    throw new Error('the package libdeflate-dev states no version');
  }
  return version;
}

/** Scanners look up what is known of the source package, in the release of the distribution. */
function purlOf(version: string, architecture: string, osRelease: string): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\n]+)`, 'm').exec(osRelease)?.[1];
  const distribution = field('ID') ?? 'debian';
  const release = field('VERSION_ID');
  const distro = release === undefined ? '' : `&distro=${distribution}-${release}`;
  const encoded = encodeURIComponent(version).replaceAll('%3A', ':');
  return `pkg:deb/${distribution}/libdeflate-dev@${encoded}?arch=${architecture}${distro}&upstream=libdeflate`;
}
