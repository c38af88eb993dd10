/**
 * Plays the scenarios on each release line of etcd and prints a table of them, as in docs/reliability.md. Ends with 1 when something
 * did not hold. Environment: `ETCD_LINES` (3.4,3.5), `CLUSTER_ONLY`: a pattern of names, `CLUSTER_LENGTH`: `short` or `long`,
 * `CLUSTER_ROUNDS`: how often (once in the order of the page, when it is not set), each time in another order and with another timing, of
 * `CLUSTER_SEED`.
 */
import { etcdLines, etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { type Played, Player } from '../support/cluster/play-scenario.ts';
import { scenarioTable } from '../support/cluster/scenario-table.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { allScenarios } from './all-scenarios.ts';

process.once('SIGINT', () => process.exit(130));

const only = new RegExp(process.env['CLUSTER_ONLY'] || '');
const length = process.env['CLUSTER_LENGTH'] === 'short' ? 'short' : 'long';
/** Undefined plays all once, in order. */
const roundsWanted = process.env['CLUSTER_ROUNDS'] || undefined;
const rounds = Number(roundsWanted ?? 1);
const seed = Number(process.env['CLUSTER_SEED'] || Date.now() % 100_000);
const chosen = allScenarios.filter(({ name }) => only.test(name));
print(`${chosen.length} scenarios on etcd ${etcdLines.join(' and ')}, ${rounds} times, seed ${seed}`);
const played: Played[] = [];
let failures = 0;
const random = seededChoices(seed);
for (let round = 0; round < rounds; round++) {
  for (const line of etcdLines) {
    await using player = new Player({ release: await etcdRelease(line), random, length });
    for (const scenario of roundsWanted === undefined ? chosen : shuffled(chosen)) {
      const missing = await scenario.missing?.();
      if (missing !== undefined) {
        print(`SKIPPED ${scenario.name}: ${missing}`);
        continue;
      }
      try {
        const each = await player.play(scenario);
        played.push(each);
        print(`ok ${each.version} ${each.name} (${(each.untilWholeMs / 1_000).toFixed(1)} s) ${each.notes.join('; ')}`);
      } catch (error) {
        failures += 1;
        print(`FAILED ${line} ${scenario.name}: ${error instanceof Error ? error.stack : error}`);
      }
    }
  }
}
print(`\n${scenarioTable(played)}`);
print(failures === 0 ? 'PASSED' : `FAILED: ${failures}`);
process.exit(failures === 0 ? 0 : 1);

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((each) => ({ each, at: random.integer(1_000_000) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
