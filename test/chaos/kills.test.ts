import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines } from '../../scripts/lab/etcd-release.ts';
import { runChaosRounds } from '../support/chaos/chaos-rounds.ts';

/** `make test-chaos` asks for more rounds and another seed; a plain `make test` takes a small sample. */
const wanted = process.env['CHAOS_ROUNDS'];
const rounds = Math.ceil(Number(wanted ?? '6') / etcdLines.length);
const seed = Number(process.env['CHAOS_SEED'] ?? '1');
const ballast = wanted === undefined ? 0 : 6 * 1024 * 1024;

for (const line of etcdLines) {
  test(`etcd ${line}: after a kill -9 of snapshotter, etcd or store the backup is what clients had written`, async (t) => {
    const report = (text: string): void => t.diagnostic(text);
    const { kills, compared, revision, gaveUp } = await runChaosRounds({ line, rounds, seed, ballast, report });
    t.diagnostic(
      `seed ${seed}: ${JSON.stringify(kills)} killed, ${compared} restores compared, to revision ${revision}`,
    );
    for (const reason of gaveUp) {
      t.diagnostic(`a snapshotter gave up: ${reason}`);
    }
    assert.ok(kills.snapshotter + kills.etcd + kills.store >= rounds);
  });
}
