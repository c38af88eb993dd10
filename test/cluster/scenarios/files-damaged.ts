import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../support/cluster/pod.ts';
import type { Scenario } from '../../support/cluster/scenario.ts';

function damaged(name: string, damage: (member: string) => void): Scenario {
  return {
    name,
    cluster: 'shared',
    async disturb({ cluster, random, note }) {
      const pod: Pod = random.pick(cluster.members);
      const before = pod.sidecar.log().length;
      await pod.etcd.stop('SIGKILL');
      damage(join(pod.dataDir, 'member'));
      pod.etcd.start();
      await cluster.untilWhole();
      const said = /Initialization succeeded, etcd may start: .*/.exec(pod.sidecar.log().slice(before))?.[0];
      assert.ok(said !== undefined, cluster.describe(`${pod.name} was not initialized`));
      note(said.replace(/^.*start: /, '').replace(/ actor=.*/, ''));
    },
  };
}

/** Pages in the middle of a database are zeros. */
export const databaseCorrupted = damaged('one database corrupted', (member) => {
  const file = join(member, 'snap/db');
  const pages = Math.floor(statSync(file).size / 4096);
  const fd = openSync(file, 'r+');
  for (let page = 2; page < pages; page += 2) {
    writeSync(fd, Buffer.alloc(4096), 0, 4096, page * 4096);
  }
  closeSync(fd);
});

/**
 * The newest segment of a log ends in the midst of a record that was never acknowledged, as after a loss of power. (A member that has lost
 * what it has acknowledged does not start: etcd says `tocommit is out of range`, and the disk has to be wiped.)
 */
export const logTorn = damaged('one log torn', (member) => {
  const segments = readdirSync(join(member, 'wal'))
    .filter((file) => file.endsWith('.wal'))
    .toSorted();
  const file = join(member, 'wal', segments.at(-1) ?? '');
  const end = endOfRecords(readFileSync(file));
  truncateSync(file, end);
  const torn = Buffer.alloc(300, 0x5a);
  torn.writeBigUInt64LE(1_000n);
  appendFileSync(file, torn);
});

/** Each record follows its length in 7 bytes; the eighth says how many bytes fill it up. A segment is made with its full size, of zeros. */
function endOfRecords(segment: Buffer): number {
  let at = 0;
  while (at + 8 <= segment.length) {
    const frame = segment.readBigUInt64LE(at);
    if (frame === 0n) {
      break;
    }
    const high = Number(frame >> 56n);
    at += 8 + Number(frame & 0xff_ffff_ffff_ffffn) + (high >= 0x80 ? high & 7 : 0);
  }
  return at;
}
