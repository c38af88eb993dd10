import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../fixtures/snapshots.ts';
import type { FakeSidecar } from '../server/fake-sidecar.ts';
import { MemoryStore } from '../stores/memory-store.ts';

const hour = 3_600;
const padded = (number: number): string => String(number).padStart(8, '0');

/** A backup of two days with a full an hour and a delta every five minutes; `trouble` has a gap, errors and a store that fails. */
export function showBackup(sidecar: FakeSidecar, kind: 'well' | 'trouble', now: number): void {
  // A store that fails holds nothing of the time since.
  const end = Math.floor(now / 1_000) - (kind === 'trouble' ? 760 : 40);
  const snapshots: StoredSnapshot[] = [];
  const add = (name: string, size: number): void => {
    snapshots.push({ ...snapshotNamed(name), key: name, size });
  };
  for (let at = end - 48 * hour, last = 1_000; at <= end; at += 300, last += 40) {
    const isMissing = kind === 'trouble' && at > end - 3 * hour && at < end - 2.5 * hour;
    if ((end - at) % hour === 0) {
      add(`Full-00000000-${padded(last)}-${at}.gz`, 20_000_000 + last * 900);
    } else if (!isMissing) {
      add(`Incr-${padded(last - 39)}-${padded(last)}-${at}.gz`, 30_000 + (last % 7) * 9_000);
    }
  }
  const status = new BackupStatus(() => now, 'S3 etcd-backup/main');
  const newest = snapshots.findLast(({ kind: which }) => which === 'Full');
  if (newest !== undefined) {
    status.snapshots({ type: 'stored', snapshot: newest, chain: { full: newest, deltas: [] } });
  }
  status.snapshots({ type: 'next run', task: 'full', at: now + 55 * 60_000 });
  status.snapshots({ type: 'next run', task: 'defragmentation', at: now + 60 * hour * 1_000 });
  status.verification({ type: 'next verification', at: now + 11 * hour * 1_000 });
  const proof = { sound: kind === 'well', provable: revision(20_000), stateOf: now - 9_000, problems: [] };
  status.verification({ type: 'verified', at: now - 5 * hour * 1_000, seconds: 12, proof });
  if (kind === 'trouble') {
    const error = new Failure({ code: 'store_denied', action: 'store', object: 'a full', found: 'access is denied' });
    status.snapshots({ type: 'snapshot failed', kind: 'Full', seconds: 3, error });
    status.snapshots({ type: 'snapshot failed', kind: 'Incr', seconds: 3, error: new Error('odd') });
    status.snapshots({ type: 'outage goes on', seconds: 754 });
  }
  sidecar.backupStatus = () => status.document();
  sidecar.onBackups = async () => ({
    listing: { snapshots, markers: [] },
    store: new MemoryStore(),
    rules: { policy: { kind: 'LimitBased', maxBackups: 47 }, deltaRetentionMs: 0, leftHistoryMs: 0 },
  });
  const member = { peerUrls: [], clientUrls: [], isLearner: false };
  sidecar.onMembers = async () => [
    { id: 0xa1n, name: 'etcd-main-0', ...member },
    { id: 0xb2n, name: 'etcd-main-1', ...member },
    { id: 0xc3n, name: undefined, ...member, isLearner: true },
  ];
  sidecar.facts = { ...sidecar.facts, databaseBytes: 61_000_000, revision: 24_080 };
}
