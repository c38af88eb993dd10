import { arch, platform, versions } from 'node:process';
import { buildInfo } from '../build-info.ts';

/** Processor names as Go, and so the rest of the etcd world, writes them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The lines of `--version`, which long-running commands also log when they start. */
export function versionLines(): readonly string[] {
  return [
    `etcdbrctl Version: ${buildInfo.version}`,
    `Git SHA: ${buildInfo.gitSha}`,
    `Runtime Version: node v${versions.node}`,
    `OS/Arch: ${platform}/${architectures[arch] ?? arch}`,
  ];
}

/** The same for scripts. */
export function versionData(): Readonly<Record<string, string>> {
  return {
    version: buildInfo.version,
    gitSha: buildInfo.gitSha,
    runtime: `node v${versions.node}`,
    platform: `${platform}/${architectures[arch] ?? arch}`,
  };
}
