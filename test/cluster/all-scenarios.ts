import type { Scenario } from '../support/cluster/scenario.ts';
import { allDisksLost } from './scenarios/all-disks-lost.ts';
import { apiServerHangs } from './scenarios/api-server-hangs.ts';
import { bootstrapOfOne, bootstrapOfThree } from './scenarios/bootstrap.ts';
import { certificatesRotated } from './scenarios/certificates-rotated.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { diskWiped } from './scenarios/disk-wiped.ts';
import { databaseCorrupted, logTorn } from './scenarios/files-damaged.ts';
import { hibernation } from './scenarios/hibernation.ts';
import { bothKilled, etcdKilled, sidecarKilled } from './scenarios/kills.ts';
import { leaderChange } from './scenarios/leader-change.ts';
import { learnerLags } from './scenarios/learner-lags.ts';
import { oldDiskBack } from './scenarios/old-disk-back.ts';
import { followerCutOff, leaderCutOff, startedInPartition } from './scenarios/partition.ts';
import { pausedInCollection } from './scenarios/paused-in-collection.ts';
import { peerUrlsChanged } from './scenarios/peer-urls-changed.ts';
import { quorumLost } from './scenarios/quorum-lost.ts';
import { restartDuringRebuild } from './scenarios/restart-during-rebuild.ts';
import { rolledBack } from './scenarios/rolled-back.ts';
import { scaleUp } from './scenarios/scale-up.ts';
import { sidecarPaused } from './scenarios/sidecar-paused.ts';
import { startedTwice } from './scenarios/started-twice.ts';
import { storeDown, storeReadOnly } from './scenarios/store-troubles.ts';
import { twoLeaders } from './scenarios/two-leaders.ts';

/** Everything that is played, in the order of docs/reliability.md. */
export const allScenarios: readonly Scenario[] = [
  bootstrapOfOne,
  bootstrapOfThree,
  scaleUp,
  learnerLags,
  leaderChange,
  sidecarKilled,
  etcdKilled,
  bothKilled,
  sidecarPaused,
  pausedInCollection,
  twoLeaders,
  leaderCutOff,
  followerCutOff,
  startedInPartition,
  quorumLost,
  diskWiped,
  oldDiskBack,
  restartDuringRebuild,
  startedTwice,
  databaseCorrupted,
  logTorn,
  allDisksLost,
  certificatesRotated,
  peerUrlsChanged,
  storeDown,
  storeReadOnly,
  diskFull,
  apiServerHangs,
  rolledBack,
  hibernation,
];
