import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
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

/** The newest segment of a log ends in the midst of a record, as after a loss of power. */
export const logTorn = damaged('one log torn', (member) => {
  const segments = readdirSync(join(member, 'wal'))
    .filter((file) => file.endsWith('.wal'))
    .toSorted();
  const file = join(member, 'wal', segments.at(-1) ?? '');
  // A segment is made with its full size; what follows the last record is zeros.
  const size = lastWritten(file);
  truncateSync(file, size - 5);
});

function lastWritten(file: string): number {
  const bytes = readFileSync(file);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) {
    end -= 1;
  }
  return end;
}
