import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { startEtcd } from '../../scripts/lab/etcd-server.ts';
import { eventually } from '../../scripts/lab/eventually.ts';
import { cacheDir } from '../../scripts/lab/project-root.ts';
import { etcdSettings, writePuts } from './data-set.ts';

const keys = 800_000;
/** Segments that etcd keeps (--max-wals). */
const SEGMENTS_KEPT = 5;

/**
 * The data directory of a healthy etcd, stopped: a db of 1 GiB, snapshots of the log as in daily use, and no more segments of
 * the log than etcd keeps. Made once, in about three minutes.
 */
export async function largeMember(): Promise<string> {
  const home = join(cacheDir, 'bench', 'member-1');
  if (!existsSync(home)) {
    const unfinished = `${home}.part`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    process.stderr.write(`Building a data directory in ${home}: ${keys} keys of 1 KiB\n`);
    const release = await etcdRelease('3.5');
    // Many changes share an entry of the log here: the count of entries between snapshots is that much smaller.
    const extraArgs = [...etcdSettings, '--unsafe-no-fsync', '--snapshot-count', '1000'];
    await using etcd = await startEtcd({ release, dataDir: unfinished, extraArgs });
    await writePuts(new EtcdGateway(etcd.clientUrl), keys, 1024);
    // etcd looks every 30 seconds for segments it need not keep.
    const segments = (): number =>
      readdirSync(join(unfinished, 'member/wal')).filter((name) => name.endsWith('.wal')).length;
    await eventually(() => (segments() <= SEGMENTS_KEPT ? true : undefined), { timeoutMs: 120_000 });
    await etcd.stop();
    renameSync(unfinished, home);
  }
  return home;
}
