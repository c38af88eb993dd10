import { after, test } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { Player } from '../support/cluster/play.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { diskWiped } from './scenarios/disk-wiped.ts';
import { databaseCorrupted } from './scenarios/files-damaged.ts';
import { bothKilled } from './scenarios/kills.ts';
import { leaderChange } from './scenarios/leader-change.ts';
import { rolledBack } from './scenarios/rolled-back.ts';
import { sidecarPaused } from './scenarios/sidecar-paused.ts';
import { storeDown } from './scenarios/store-troubles.ts';

/** One of each kind, short, one after the other on one cluster, which takes two minutes; `make test-cluster` plays all of them. */
const sample = [leaderChange, bothKilled, sidecarPaused, diskWiped, databaseCorrupted, storeDown, rolledBack];

const player = new Player({ release: await etcdRelease('3.5'), random: seededChoices(1), length: 'short' });
after(() => player[Symbol.asyncDispose]());

for (const scenario of sample) {
  test(`three members and their sidecars: ${scenario.name}`, async (t) => {
    t.diagnostic(JSON.stringify(await player.play(scenario)));
  });
}
