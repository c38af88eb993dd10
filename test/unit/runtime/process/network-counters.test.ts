import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { networkCounters } from '../../../../src/runtime/process/network-counters.ts';

const example = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000       10    0    0    0     0          0         0     2000      10    0    0    0     0       0          0
  eth0:500000 400 0 0 0 0 0 0 70000 300 0 0 0 0 0 0
`;

test('network counters are the sums over all interfaces', () => {
  using dir = makeTempDir();
  writeFileSync(dir.join('dev'), example);
  assert.deepEqual(networkCounters(dir.join('dev')), { received: 501_000, transmitted: 72_000 });
});

test('network counters are undefined where nothing counts', () => {
  assert.equal(networkCounters('/nonexistent/dev'), undefined);
});
