import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdLines } from '../../../../scripts/lab/etcd-release.ts';
import { runKillRounds } from '../../../support/replay/kill-rounds.ts';

/** `make test-kills` asks for more rounds and another seed; a plain `make test` takes a small sample. */
const rounds = Number(process.env['KILL_ROUNDS'] ?? '2');
const seed = Number(process.env['KILL_SEED'] ?? '1');

for (const line of etcdLines) {
  for (const scenario of ['open', 'guarded', 'full'] as const) {
    test(`etcd ${line}, ${scenario}: after a kill -9 our revision and HashKV are those of the restarted etcd`, async (t) => {
      const totals = await runKillRounds({ line, rounds, seed, scenario, report: (text) => t.diagnostic(text) });
      t.diagnostic(`${totals.kills} kills, ${totals.replayedChanges} changes replayed from logs`);
      assert.equal(totals.kills, rounds);
    });
  }
}
