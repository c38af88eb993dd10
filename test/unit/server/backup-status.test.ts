import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../../support/fixtures/snapshots.ts';

const seconds = 1_795_251_600;

function stored(name: string, size: number): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size };
}

describe('the status of a backup', () => {
  it('knows nothing at first', () => {
    assert.deepEqual(new BackupStatus(() => 0).document(), {
      store: null,
      chain: null,
      recoveryPointAgeSeconds: null,
      estimatedRestoreSeconds: null,
      storeOutageSeconds: 0,
      proof: null,
      unprovable: null,
      secondary: null,
      nextRuns: { full: null, defragmentation: null, verification: null },
      lastErrors: [],
    });
  });

  it('follows the chain, the proof, the second copy and what comes next', () => {
    const status = new BackupStatus(() => (seconds + 30) * 1_000, 'S3 bucket/prefix');
    const full = stored(`Full-0-58-${seconds - 100}`, 50_000_000);
    const delta = stored(`Incr-59-70-${seconds}`, 1_000);
    status.snapshots({ type: 'stored', snapshot: delta, chain: { full, deltas: [delta] } });
    status.snapshots({ type: 'next run', task: 'full', at: (seconds + 60) * 1_000 });
    status.verification({ type: 'next verification', at: (seconds + 90) * 1_000 });
    status.secondary({ type: 'synced', upTo: seconds * 1_000, copied: 2 });
    const proof = { sound: true, provable: revision(70), stateOf: seconds * 1_000, problems: [] };
    status.verification({ type: 'verified', at: (seconds + 20) * 1_000, seconds: 4, proof });
    const document = status.document();
    assert.equal(document.store, 'S3 bucket/prefix');
    assert.deepEqual(document.chain, { full: full.name, deltas: 1, lastRevision: 70, storedBytes: 50_001_000 });
    assert.equal(document.recoveryPointAgeSeconds, 30);
    assert.equal(document.estimatedRestoreSeconds, 3.000_04);
    assert.deepEqual(document.proof, {
      at: '2026-11-21T09:00:20.000Z',
      seconds: 4,
      outcome: 'sound',
      provableRevision: 70,
      provableStateOf: '2026-11-21T09:00:00.000Z',
      problems: [],
    });
    assert.deepEqual(document.secondary, { outcome: 'synced', upTo: '2026-11-21T09:00:00.000Z' });
    assert.deepEqual(document.nextRuns, {
      full: '2026-11-21T09:01:00.000Z',
      defragmentation: null,
      verification: '2026-11-21T09:01:30.000Z',
    });
  });

  it('says what is missing for a proof until there is one', () => {
    const status = new BackupStatus(() => 0);
    const failure = new Failure({ code: 'no_identity', action: 'verify', object: 'it', found: 'x', remedy: 'give it' });
    const damaged = { sound: false, provable: undefined, stateOf: undefined, problems: ['a gap'] };
    status.verification({ type: 'verification failed', at: 1, error: failure });
    assert.equal(status.document().unprovable, 'cannot verify it: x; give it');
    status.verification({ type: 'verified', at: 2, seconds: 1, proof: damaged });
    assert.equal(status.document().unprovable, 'cannot verify it: x; give it');
    status.verification({ type: 'verified', at: 3, seconds: 1, proof: { ...damaged, sound: true } });
    assert.equal(status.document().unprovable, null);
    status.verification({ type: 'verification failed', at: 4, error: failure });
    status.verification({ type: 'left to another' });
    assert.equal(status.document().unprovable, null);
  });

  it('remembers the newest ten errors by their codes, and an outage while it goes on', () => {
    let now = 0;
    const status = new BackupStatus(() => now);
    const refused = new Failure({ code: 'store_outage', action: 'save', object: 'it', found: 'hunter2' });
    status.secondary({ type: 'sync failed', error: refused });
    for (now = 1_000; now < 12_000; now += 1_000) {
      status.snapshots({ type: 'snapshot failed', kind: 'Full', seconds: 1, error: new Error('hunter2') });
    }
    status.snapshots({ type: 'outage goes on', seconds: 12 });
    const { lastErrors, storeOutageSeconds, secondary } = status.document();
    assert.equal(lastErrors.length, 10);
    assert.deepEqual(lastErrors[0], { at: '1970-01-01T00:00:11.000Z', code: 'unexpected' });
    assert.equal(storeOutageSeconds, 12);
    assert.deepEqual(secondary, { upTo: null, outcome: 'failed' });
    status.verification({ type: 'verification failed', at: now, error: refused });
    assert.equal(status.document().lastErrors[0]?.code, 'store_outage');
    assert.equal(status.document().proof?.outcome, 'not found out');
    assert.equal(JSON.stringify(status.document()).includes('hunter2'), false);
    status.snapshots({ type: 'outage ended', seconds: 13 });
    assert.equal(status.document().storeOutageSeconds, 0);
  });
});
