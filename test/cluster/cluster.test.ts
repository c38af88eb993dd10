import { after, test } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { Player } from '../support/cluster/play.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { bootstrapOfThree } from './scenarios/bootstrap.ts';
import { diskWiped } from './scenarios/disk-wiped.ts';
import { bothKilled, etcdKilled, sidecarKilled } from './scenarios/kills.ts';
import { leaderChange } from './scenarios/leader-change.ts';
import { rolledBack } from './scenarios/rolled-back.ts';

const player = new Player({ release: await etcdRelease('3.5'), random: seededChoices(1), length: 'short' });
after(() => player[Symbol.asyncDispose]());

for (const scenario of [bootstrapOfThree, leaderChange, sidecarKilled, etcdKilled, bothKilled, diskWiped, rolledBack]) {
  test(`three members and their sidecars: ${scenario.name}`, async (t) => {
    const played = await player.play(scenario);
    t.diagnostic(JSON.stringify(played));
  });
}
