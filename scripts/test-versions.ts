/**
 * Runs the suites about etcd's files, and those that run an etcd, on the release lines that are not in the default tests,
 * and compares our check of databases with that of bbolt. They are built with the machine's Go toolchain; without one this is said and nothing is tested.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtReleases, goVersion } from './lab/etcd-from-source.ts';
import { etcdRelease } from './lab/etcd-release.ts';

const SUITES = [
  'test/conformance/data-dir/*.test.ts',
  'test/integration/backup-and-restore.test.ts',
  'test/integration/datadir/*.test.ts',
  'test/integration/etcd/*.test.ts',
  'test/integration/operations/initialize/initialize.test.ts',
  'test/integration/operations/{compact,restore,snapshot,status}/*.test.ts',
  'test/integration/datadir/replay/*.test.ts',
  'test/cluster/*.test.ts',
];

/** These are not for one of the lines. */
const OTHERS = ['test/versions/*.test.ts'];

const lines = Object.keys(builtReleases) as (keyof typeof builtReleases)[];
const go = await goVersion();
if (go === undefined) {
  process.stdout.write(
    `SKIPPED: etcd ${lines.join(' and ')} and \`bbolt check\` are not tested against, as there is no Go toolchain to build them\n`,
  );
} else {
  for (const line of lines) {
    process.stdout.write(`etcd ${(await etcdRelease(line)).version}, built with ${go}\n`);
  }
  const env = { ...process.env, ETCD_LINES: lines.join(',') };
  const tests = spawn(process.execPath, ['--test', ...SUITES, ...OTHERS], { stdio: 'inherit', env });
  const [code] = await once(tests, 'exit');
  process.exitCode = code === 0 ? 0 : 1;
}
