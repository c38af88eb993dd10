import assert from 'node:assert/strict';
import { EtcdGateway } from '../../../scripts/lab/etcd-gateway.ts';
import type { EtcdRelease } from '../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../scripts/lab/etcd-server.ts';
import { eventually } from '../../../scripts/lab/eventually.ts';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { restore } from '../../../src/operations/restore/restore.ts';
import { verifyBackups } from '../../../src/operations/verify/verify.ts';
import { newestChain } from '../../../src/snapshot/chain.ts';
import type { SnapStore } from '../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../context/run-context.ts';
import { restoreRequest } from '../fixtures/restore-request.ts';
import type { WriteModel } from './write-model.ts';

/** What a store was found to hold. */
export interface CheckedBackup {
  /** The last revision; 0 for a store without a backup. */
  readonly revision: number;
  readonly deltas: number;
}

/**
 * Proves that what `store` holds is sound: `verify` finds no problem, the newest chain has no gap, and a real etcd on a restore
 * of it serves what the model holds at that revision: keys, values, revisions, versions, leases and HashKV.
 */
export async function checkBackup(
  store: SnapStore,
  { model, release }: { readonly model: WriteModel; readonly release: EtcdRelease },
): Promise<CheckedBackup> {
  const context = recordedContext();
  const { snapshots } = await store.list({ signal: context.signal });
  const plan = newestChain(snapshots);
  if (plan.outcome === 'empty') {
    return { revision: 0, deltas: 0 };
  }
  const names = snapshots.map(({ name }) => name).join('\n');
  assert.equal(plan.outcome, 'chain', `a gap:\n${names}`);
  using dir = makeTempDir();
  const verified = await verifyBackups(
    { store, level: 'structure', sample: undefined, tempDir: dir.join('temp'), maxFetchers: 3 },
    context,
  );
  assert.deepEqual(
    verified.findings.filter(({ weight }) => weight === 'problem'),
    [],
    `verify:\n${names}`,
  );
  const request = restoreRequest(dir, { store });
  const { revision } = await restore(request, context);
  // A full may hold more than its name says, never less.
  assert.ok(plan.outcome === 'chain' && revision >= plan.lastRevision, `restored to ${revision}:\n${names}`);
  assert.equal(verified.provable?.revision, revision, `verify and restore differ:\n${names}`);
  await eventually(() => (model.knows(revision) ? true : undefined), {
    describe: () => `the backup holds revision ${revision}, which no client wrote:\n${names}`,
  });
  const expected = model.at(revision);
  // Elections among one member need not take a second.
  const extraArgs = ['--heartbeat-interval', '20', '--election-timeout', '200'];
  await using etcd = await startEtcd({ release, dataDir: request.dataDir, extraArgs });
  const state = await new EtcdGateway(etcd.clientUrl).state();
  assert.equal(state.revision, revision);
  assert.deepEqual(state.keys, expected.keys, `keys at revision ${revision}:\n${names}`);
  const leases = new Set(state.leases.map(({ id }) => id));
  const missing = state.keys.flatMap(({ lease }) => (lease === undefined || leases.has(lease) ? [] : [lease]));
  assert.deepEqual(missing, [], `leases of keys at revision ${revision}`);
  const { hash, compactRevision } = await servedHash(etcd, revision);
  assert.equal(
    hash,
    expected.hashKv(compactRevision),
    `HashKV at ${revision}, compacted at ${compactRevision}:\n${names}`,
  );
  return { revision, deltas: plan.deltas.length };
}

async function servedHash(
  etcd: EtcdServer,
  revision: number,
): Promise<{ readonly hash: number; readonly compactRevision: number }> {
  const text = await etcd.etcdctl('endpoint', 'hashkv', `--rev=${revision}`, '--write-out=json');
  const [answer] = JSON.parse(text) as { HashKV: { hash: number; compact_revision?: number } }[];
  assert.ok(answer !== undefined, text);
  return { hash: answer.HashKV.hash, compactRevision: answer.HashKV.compact_revision ?? 0 };
}
