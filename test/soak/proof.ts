import { isDeepStrictEqual } from 'node:util';
import { EtcdGateway } from '../../scripts/lab/etcd-gateway.ts';
import { type EtcdServer, startEtcd } from '../../scripts/lab/etcd-server.ts';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { restore } from '../../src/operations/restore/restore.ts';
import { verifyBackups } from '../../src/operations/verify/verify.ts';
import type { SnapStore } from '../../src/snapstore/snapstore.ts';
import { recordedContext } from '../support/context/run-context.ts';
import { servedHash } from '../support/datadir/served-keys.ts';
import { restoreRequest } from '../support/fixtures/restore-request.ts';

/**
 * Whether the store holds all of a cluster that nobody writes to any more: `verify` with a restore finds no problem, and a real etcd
 * on a restore serves the same keys, revisions, versions and leases, and the same HashKV once it is compacted as far. Gives what is wrong.
 */
export async function proveBackup(store: SnapStore, live: EtcdServer): Promise<readonly string[]> {
  const context = recordedContext();
  using dir = makeTempDir();
  const { findings, provable } = await verifyBackups(
    { store, level: 'restore', sample: undefined, tempDir: dir.join('temp'), maxFetchers: 3 },
    context,
  );
  const problems = findings.filter(({ weight }) => weight === 'problem');
  const wrong = problems.map(({ snapshot, text }) => `verify: ${snapshot ?? 'the store'}: ${text}`);
  const wanted = await new EtcdGateway(live.clientUrl).state();
  if (provable === undefined || provable.revision < wanted.revision) {
    wrong.push(`verify proves revision ${provable?.revision}, and ${wanted.revision} was acknowledged`);
  }
  const request = restoreRequest(dir, { store });
  await restore(request, context);
  await using restored = await startEtcd({ release: live.release, dataDir: request.dataDir });
  const found = await new EtcdGateway(restored.clientUrl).state();
  if (found.revision !== wanted.revision) {
    wrong.push(`the restored etcd is at revision ${found.revision}, the live one at ${wanted.revision}`);
  }
  const differing = wanted.keys.filter((key, at) => !isDeepStrictEqual(key, found.keys[at]));
  if (differing.length > 0 || found.keys.length !== wanted.keys.length) {
    wrong.push(`${differing.length} keys of ${wanted.keys.length} differ, ${found.keys.length} were restored`);
  }
  await compactBoth([live, restored], wanted.revision - 1);
  const [left, right] = await Promise.all([live, restored].map((etcd) => servedHash(etcd, wanted.revision)));
  if (left !== right) {
    wrong.push(`HashKV of the live etcd is ${left}, of the restored one ${right}`);
  }
  return wrong;
}

/** One that is compacted as far already refuses; both are then at the same place. */
async function compactBoth(members: readonly EtcdServer[], revision: number): Promise<void> {
  for (const member of members) {
    await member.etcdctl('compaction', '--physical', String(revision)).catch(() => undefined);
  }
}
