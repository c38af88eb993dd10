import { revision } from '../../../src/revision.ts';
import { Failure } from '../../../src/runtime/failure.ts';
import { BackupStatus } from '../../../src/server/backup-status.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';
import { snapshotNamed } from '../fixtures/snapshots.ts';
import type { FakeSidecar } from '../server/fake-sidecar.ts';
import { showBackup } from './shown-backup.ts';

/** What an operator may meet, the words that have to be at the top of the page, and how a sidecar shows it. */
export interface Trouble {
  readonly says: RegExp;
  /** `now` is in ms since the epoch. */
  apply(sidecar: FakeSidecar, now: number): void;
}

/** Text that would do harm if it were taken for markup, as names and errors may hold it. */
export const hostileText = `<img src=x onerror=alert(1)></script><b>${'x'.repeat(300)}`;

/** Each is a trouble of a backup that is well otherwise. */
export const troubles: Readonly<Record<string, Trouble>> = {
  'the store is down': {
    says: /The store has failed for 12 min;/,
    apply: (sidecar, now) => {
      withStatus(sidecar, now, (status) => status.snapshots({ type: 'outage goes on', seconds: 754 }));
      const error = new Failure({ code: 'store_denied', action: 'list', object: 'S3 b', found: hostileText });
      sidecar.onBackups = () => Promise.reject(error);
    },
  },
  'there is no leader': {
    says: /knows no leader: nothing is backed up from here/,
    apply: (sidecar) => {
      sidecar.healthy = false;
      sidecar.facts = {
        ...sidecar.facts,
        role: 'unknown',
        phase: 'unknown',
        leaderId: null,
        etcdVersion: null,
        revision: null,
      };
      sidecar.onMembers = () => Promise.reject(new Error(`etcd is away: ${hostileText}`));
    },
  },
  'a gap is in the chain': {
    says: /are missing: a restore ends at revision/,
    apply: (sidecar, now) => {
      const at = Math.floor(now / 1_000);
      changeSnapshots(sidecar, (all) => [...all, stored(`Incr-00090000-00090010-${at}.gz`)]);
    },
  },
  'a proof has failed': {
    says: /was found damaged \d min ago: it can be restored up to/,
    apply: (sidecar, now) =>
      withStatus(sidecar, now, (status) =>
        status.verification({
          type: 'verified',
          at: now - 60_000,
          seconds: 3,
          proof: { sound: false, provable: revision(70), stateOf: now, problems: [`Full-1 is torn: ${hostileText}`] },
        }),
      ),
  },
  'what is encrypted cannot be read': {
    says: /Whether the backup can be restored is not found out: it is encrypted/,
    apply: (sidecar, now) =>
      withStatus(sidecar, now, (status) =>
        status.verification({
          type: 'verification failed',
          at: now - 60_000,
          error: new Failure({ code: 'no_identity', action: 'read', object: 'a full', found: 'it is encrypted' }),
        }),
      ),
  },
  'a clock is wrong': {
    says: /is dated (?:2 h|1 h 59 min) into the future/,
    apply: (sidecar, now) => {
      const at = Math.floor(now / 1_000) + 7_230;
      changeSnapshots(sidecar, (all) => {
        const last = all.at(-1)?.lastRevision ?? 0;
        return [...all, stored(`Incr-000${last + 1}-000${last + 9}-${at}.gz`)];
      });
    },
  },
  'two snapshotters write': {
    says: /Another snapshotter writes to the same place: 1 delta /,
    apply: (sidecar, now) => {
      const at = Math.floor(now / 1_000) - 30;
      changeSnapshots(sidecar, (all) => {
        const last = all.findLast(({ kind }) => kind === 'Incr')?.lastRevision ?? 0;
        return [...all, stored(`Incr-000${last - 5}-000${last + 1}-${at}.gz`)];
      });
    },
  },
  'nothing was ever backed up': {
    says: /There is no snapshot that a restore could begin with/,
    apply: (sidecar) => changeSnapshots(sidecar, () => []),
  },
  'no store is configured': {
    says: /Nothing is backed up: no store is configured/,
    apply: (sidecar) => {
      sidecar.facts = { ...sidecar.facts, phase: 'leader, no store' };
      sidecar.backupStatus = () => new BackupStatus(() => 0).document();
      sidecar.onBackups = () => Promise.resolve(undefined);
    },
  },
};

/** Shows a backup in trouble. */
export function showTrouble(sidecar: FakeSidecar, name: string, now: number): void {
  showBackup(sidecar, 'well', now);
  troubles[name]?.apply(sidecar, now);
}

function withStatus(sidecar: FakeSidecar, now: number, change: (status: BackupStatus) => void): void {
  const status = new BackupStatus(() => now, 'S3 etcd-backup/main');
  change(status);
  sidecar.backupStatus = () => status.document();
}

function changeSnapshots(
  sidecar: FakeSidecar,
  change: (all: readonly StoredSnapshot[]) => readonly StoredSnapshot[],
): void {
  const before = sidecar.onBackups;
  sidecar.onBackups = async () => {
    const backups = await before();
    const { snapshots = [], markers = [] } = backups?.listing ?? {};
    return backups && { ...backups, listing: { markers, snapshots: change(snapshots) } };
  };
}

function stored(name: string): StoredSnapshot {
  return { ...snapshotNamed(name), key: name, size: 1_000 };
}
