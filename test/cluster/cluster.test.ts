// Takes long: a cluster recovers from one disturbance after the other.
import { after, before, describe, it } from 'node:test';
import { etcdRelease } from '../../scripts/lab/etcd-release.ts';
import { Player } from '../support/cluster/play-scenario.ts';
import { testedEtcdLines } from '../support/cluster/tested-etcd-lines.ts';
import { seededChoices } from '../support/fixtures/random.ts';
import { allDisksLost } from './scenarios/all-disks-lost.ts';
import { diskWiped } from './scenarios/disk-wiped.ts';
import { databaseCorrupted } from './scenarios/files-damaged.ts';
import { bothKilled } from './scenarios/kills.ts';
import { leaderChange } from './scenarios/leader-change.ts';
import { rolledBack } from './scenarios/rolled-back.ts';
import { sidecarPaused } from './scenarios/sidecar-paused.ts';
import { storeDown } from './scenarios/store-troubles.ts';

/** One of each kind, short, one after the other on one cluster, which takes two minutes; `make test-cluster` plays all of them. */
const sample = [
  leaderChange,
  bothKilled,
  sidecarPaused,
  diskWiped,
  databaseCorrupted,
  storeDown,
  rolledBack,
  allDisksLost,
];

/** Looks at the leader are what is waited for most. */
const flags = ['--reelection-period=1500ms'];

for (const line of testedEtcdLines) {
  describe(`three members of etcd ${line} and their sidecars`, () => {
    let player: Player | undefined;
    before(async () => {
      player = new Player({ release: await etcdRelease(line), random: seededChoices(1), length: 'short', flags });
    });
    after(() => player?.[Symbol.asyncDispose]());

    for (const scenario of sample) {
      it(scenario.name, async (t) => {
        t.diagnostic(JSON.stringify(await player?.play(scenario)));
      });
    }
  });
}
