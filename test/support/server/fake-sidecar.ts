import type { ClusterMember } from '../../../src/etcd/members.ts';
import type { ValidationMode } from '../../../src/operations/initialize/data-dir-state.ts';
import { BackupStatus, type BackupStatusDocument } from '../../../src/server/backup-status.ts';
import type {
  InitializationWord,
  LatestSnapshots,
  ListedBackups,
  MemberFacts,
  Sidecar,
  SnapshotAccess,
  SnapshotTaker,
} from '../../../src/server/sidecar.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';

/** A sidecar that does what a test tells it. */
export class FakeSidecar implements Sidecar, SnapshotTaker {
  healthy = true;
  access: 'no store' | 'forwards' | 'leads' = 'leads';
  word: InitializationWord = 'New';
  /** Modes of all starts. */
  readonly starts: ValidationMode[] = [];
  /** How often a word was read, and how often its answer was sent. */
  reads = 0;
  sent = 0;
  /** The `final` of each full that was asked for. */
  readonly fulls: boolean[] = [];
  deltas = 0;
  onFull: () => Promise<StoredSnapshot> = () => Promise.reject(new Error('no full is set'));
  onDelta: () => Promise<StoredSnapshot | undefined> = () => Promise.resolve(undefined);
  onLatest: () => Promise<LatestSnapshots> = () => Promise.resolve({ full: undefined, deltas: [] });
  onConfig: () => Promise<string> = () => Promise.resolve('name: etcd-main-0\n');
  onLeader: () => Promise<string | undefined> = () => Promise.resolve(undefined);
  facts: MemberFacts = {
    id: 'a1',
    leaderId: 'a1',
    role: 'leader',
    phase: 'leader, snapshotter active',
    etcdVersion: '3.5.27',
    databaseBytes: 25_000_000,
    revision: 70,
  };
  onMembers: () => Promise<readonly ClusterMember[]> = () => Promise.resolve([]);
  onBackups: () => Promise<ListedBackups | undefined> = () => Promise.resolve(undefined);
  series = '# TYPE etcdbr_cluster_size gauge\netcdbr_cluster_size 1\n';
  /** What the series wait for. */
  onMetrics: () => Promise<void> = () => Promise.resolve();
  /** How often the series were made. */
  scrapes = 0;

  readonly initialization = {
    start: (mode: ValidationMode): void => {
      this.starts.push(mode);
    },
    read: (): { readonly word: InitializationWord; readonly sent: () => void } => {
      this.reads += 1;
      return {
        word: this.word,
        sent: () => {
          this.sent += 1;
        },
      };
    },
  };

  get snapshots(): SnapshotAccess {
    return this.access === 'leads' ? { kind: 'leads', taker: this } : { kind: this.access };
  }

  backupStatus(): BackupStatusDocument {
    return new BackupStatus(() => 0).document();
  }

  memberFacts(): MemberFacts {
    return this.facts;
  }

  members(): Promise<readonly ClusterMember[]> {
    return this.onMembers();
  }

  backups(): Promise<ListedBackups | undefined> {
    return this.onBackups();
  }

  takeFull({ final }: { readonly final: boolean }): Promise<StoredSnapshot> {
    this.fulls.push(final);
    return this.onFull();
  }

  takeDelta(): Promise<StoredSnapshot | undefined> {
    this.deltas += 1;
    return this.onDelta();
  }

  latest(): Promise<LatestSnapshots> {
    return this.onLatest();
  }

  etcdConfig(): Promise<string> {
    return this.onConfig();
  }

  leaderClientUrl(): Promise<string | undefined> {
    return this.onLeader();
  }

  metricChanges = 0;

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.scrapes += 1;
    await this.onMetrics();
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: this.series };
  }
}
