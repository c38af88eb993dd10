import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initializeResult } from '../../../../src/cli/initialize.ts';
import { restoreResult } from '../../../../src/cli/output/restore-result.ts';
import { formatResult } from '../../../../src/cli/output/result.ts';
import { Stopwatch } from '../../../../src/cli/output/stopwatch.ts';
import { onceResult } from '../../../../src/cli/snapshot.ts';
import { revision } from '../../../../src/revision.ts';

const once = onceResult(
  {
    snapshot: {
      kind: 'Full',
      startRevision: revision(0),
      lastRevision: revision(58),
      createdOn: 1_795_251_532,
      compression: 'gzip',
      isFinal: false,
      layout: 'v2',
      directory: '',
      name: 'Full-00000000-00000058-1795251532.gz',
      chunk: undefined,
      key: 'v2/Full-00000000-00000058-1795251532.gz',
      size: 1_536,
    },
    hash: 0xfe01cf57,
    totalKeys: 1_234,
    totalSize: 20_480,
    seconds: 108.4,
  },
  '/backup',
);

const restored = {
  dataDir: '/var/etcd/data',
  revision: revision(70),
  snapshots: ['Full-00000000-00000058-1795251532.gz', 'Incr-00000059-00000070-1795251600.gz'],
  eventsApplied: 12,
  dbSize: 24_576,
  memberId: 0x8e9e05c52164694dn,
  history: 1,
  clusterId: 0xcdf818194e3a8c32n,
};

describe('the result of snapshot --once', () => {
  it('is readable', () => {
    assert.equal(
      formatResult(once, 'text'),
      [
        'Snapshot:     Full-00000000-00000058-1795251532.gz',
        'Location:     /backup/v2/Full-00000000-00000058-1795251532.gz',
        'Revision:     58',
        'Total keys:   1,234',
        'Total size:   20480 bytes (20.0 KiB)',
        'Stored size:  1536 bytes (1.5 KiB)',
        'Hash:         fe01cf57',
        'Took:         1m48s',
        '',
      ].join('\n'),
    );
  });

  it('has the keys of etcdctl snapshot status in JSON', () => {
    const {
      hash,
      revision: last,
      totalKey,
      totalSize,
    } = JSON.parse(formatResult(once, 'json')) as Record<string, unknown>;
    assert.deepEqual(
      { hash, revision: last, totalKey, totalSize },
      { hash: 0xfe01cf57, revision: 58, totalKey: 1_234, totalSize: 20_480 },
    );
  });
});

describe('the result of restore', () => {
  it('writes ids as etcd does', () => {
    const text = formatResult(restoreResult(restored), 'text');
    assert.match(text, /^Member id: +8e9e05c52164694d$/m);
    assert.match(text, /^Delta snapshots: +1$/m);
    const json = JSON.parse(formatResult(restoreResult(restored), 'json')) as Record<string, unknown>;
    assert.equal(json['clusterId'], 'cdf818194e3a8c32');
    assert.equal(json['revision'], 70);
    assert.equal(json['seconds'], undefined);
  });

  it('says how long it took', () => {
    let now = 5_000;
    const watch = new Stopwatch({ monotonic: () => now });
    now += 108_400;
    assert.match(formatResult(restoreResult(restored, watch), 'text'), /^Took: +1m48s$/m);
    const { seconds } = JSON.parse(formatResult(restoreResult(restored, watch), 'json')) as {
      readonly seconds: number;
    };
    assert.equal(seconds, 108.4);
    now = 5_400;
    assert.match(formatResult(restoreResult(restored, watch), 'text'), /^Took: +less than 1s$/m);
  });
});

describe('the result of initialize', () => {
  it('says what was found and done', async () => {
    const kept = await initializeResult(
      { found: { state: 'valid', revision: revision(9) }, action: 'kept', restored: undefined },
      'd',
    );
    assert.equal(
      formatResult(kept, 'text'),
      'Data directory:  d\nFound:           valid at revision 9\nAction:          kept\n',
    );
    const replaced = await initializeResult(
      { found: { state: 'db_corrupt', reason: 'page 3 is torn' }, action: 'restored', restored },
      'd',
    );
    assert.match(formatResult(replaced, 'text'), /^Found: +db corrupt: page 3 is torn$/m);
    assert.match(formatResult(replaced, 'text'), /^Revision: +70$/m);
    const json = JSON.parse(formatResult(replaced, 'json')) as { restored: { memberId: string } };
    assert.equal(json.restored.memberId, '8e9e05c52164694d');
  });
});
