// Takes long: clusters begin and recover.
import { test } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { Player } from '../support/cluster/play-scenario.ts';
import { testedEtcdLines } from '../support/cluster/tested-etcd-lines.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { startedInPartition } from './scenarios/partition.ts';

/** Those that need nodes with networks of their own, which takes a minute; `make test-cluster` plays all of them. */
const sample = [startedInPartition];

for (const line of testedEtcdLines) {
  for (const scenario of sample) {
    test(`three members of etcd ${line} and their sidecars: ${scenario.name}`, async (t) => {
      const missing = await scenario.missing?.();
      if (missing !== undefined) {
        t.skip(missing);
        return;
      }
      await using player = new Player({ release: await etcdRelease(line), random: seededChoices(1), length: 'short' });
      t.diagnostic(JSON.stringify(await player.play(scenario)));
    });
  }
}
