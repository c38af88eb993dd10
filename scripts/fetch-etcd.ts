/** Downloads the etcd releases the tests run against; does nothing when they are there. */
import { etcdLines, etcdRelease } from './lab/etcd-release.ts';

for (const line of etcdLines) {
  const { version } = await etcdRelease(line);
  process.stdout.write(`etcd ${version}\n`);
}
