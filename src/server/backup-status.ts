import { estimatedRestoreSeconds } from '../operations/snapshot/estimated-restore.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { OutageAge } from '../operations/snapshot/outage-age.ts';
import type { StoredChain } from '../operations/snapshot/stored-chain.ts';
import { Failure } from '../runtime/failure.ts';
import type { Proof } from './proof.ts';
import type { SecondarySyncEvent } from './secondary-sync.ts';
import type { VerificationEvent } from './verification-task.ts';

/** The newest errors that are remembered. */
const mostErrors = 10;

/** Tasks with a time of their own. */
type ScheduledTask = 'full' | 'defragmentation' | 'verification';

/** What is known of the backup, as JSON: times are RFC 3339, sizes bytes; null is "not known yet". */
export interface BackupStatusDocument {
  /** Where the backup is; null without a store. */
  readonly store: string | null;
  readonly chain: {
    readonly full: string;
    readonly deltas: number;
    readonly lastRevision: number;
    readonly storedBytes: number;
  } | null;
  /** Age of the newest state that a restore would reach. */
  readonly recoveryPointAgeSeconds: number | null;
  readonly estimatedRestoreSeconds: number | null;
  readonly storeOutageSeconds: number;
  readonly proof: {
    readonly at: string;
    readonly outcome: 'sound' | 'damaged' | 'not found out';
    readonly seconds: number | null;
    readonly provableRevision: number | null;
    readonly provableStateOf: string | null;
    readonly problems: readonly string[];
  } | null;
  /** Why nothing of the backup can be proved with what this process was given, and what to do; null while it can, or is not known. */
  readonly unprovable: string | null;
  readonly secondary: { readonly upTo: string | null; readonly outcome: 'synced' | 'failed' } | null;
  readonly nextRuns: Readonly<Record<ScheduledTask, string | null>>;
  /** Newest first. */
  readonly lastErrors: readonly { readonly at: string; readonly code: string }[];
}

/** The state of the backup, as the events of its tasks show it. A sidecar that does not lead knows what it saw when it did. */
export class BackupStatus {
  readonly #now: () => number;
  readonly #store: string | null;
  readonly #next = new Map<ScheduledTask, number>();
  readonly #errors: { readonly at: number; readonly code: string }[] = [];
  readonly #outage: OutageAge;
  #chain: StoredChain | undefined;
  /** When the newest snapshot was taken, ms since the epoch. */
  #newestAt: number | undefined;
  #verification: Ended | undefined;
  #unprovable: string | undefined;
  #secondary: { readonly upTo: number | undefined; readonly outcome: 'synced' | 'failed' } | undefined;

  /** `now` gives ms since the epoch, `store` is the location of the store. */
  constructor(now: () => number, store?: string) {
    this.#now = now;
    this.#store = store ?? null;
    this.#outage = new OutageAge(now);
  }

  /** Takes the events of the snapshotter. */
  readonly snapshots: SnapshotterListener = (event) => {
    this.#outage.take(event);
    switch (event.type) {
      case 'stored':
        this.#chain = event.chain;
        // A clock that was ahead has written times of the future: until then the age would stay 0, whatever happens.
        this.#newestAt = Math.min(event.snapshot.createdOn * 1_000, this.#now());
        break;
      case 'next run':
        this.#next.set(event.task, event.at);
        break;
      case 'snapshot failed':
        this.#failed(event.error);
        break;
      case 'ended':
        if (event.outcome === 'failed') {
          this.#remember(event.code);
        }
        break;
      default:
    }
  };

  /** Takes the events of the verification. */
  readonly verification = (event: VerificationEvent): void => {
    if (event.type === 'next verification') {
      this.#next.set('verification', event.at);
      return;
    }
    if (event.type === 'left to another') {
      this.#unprovable = undefined;
      return;
    }
    this.#verification = event;
    if (event.type === 'verification failed') {
      this.#failed(event.error);
      if (isUnopened(event.error)) {
        this.unprovable(event.error);
      }
    } else if (event.proof.sound) {
      this.#unprovable = undefined;
    }
  };

  /** Nothing of the backup can be proved with what this process was given. */
  unprovable(failure: Failure): void {
    this.#unprovable = failure.message;
  }

  /** Takes the events of the second copy. */
  readonly secondary = (event: SecondarySyncEvent): void => {
    if (event.type === 'synced') {
      this.#secondary = { upTo: event.upTo, outcome: 'synced' };
    } else {
      this.#secondary = { upTo: this.#secondary?.upTo, outcome: 'failed' };
      this.#failed(event.error);
    }
  };

  /** The state now. */
  document(): BackupStatusDocument {
    const { full, deltas } = this.#chain ?? { full: undefined, deltas: [] };
    const newest = deltas.at(-1) ?? full;
    const storedBytes = [...(full === undefined ? [] : [full]), ...deltas].reduce((sum, { size }) => sum + size, 0);
    return {
      store: this.#store,
      chain:
        full === undefined || newest === undefined
          ? null
          : { full: full.name, deltas: deltas.length, lastRevision: newest.lastRevision, storedBytes },
      recoveryPointAgeSeconds:
        this.#newestAt === undefined ? null : Math.max(0, (this.#now() - this.#newestAt) / 1_000),
      estimatedRestoreSeconds: full === undefined ? null : estimatedRestoreSeconds(storedBytes),
      storeOutageSeconds: this.#outage.seconds,
      proof: proofDocument(this.#verification),
      unprovable: this.#unprovable ?? null,
      secondary: this.#secondary === undefined ? null : { ...this.#secondary, upTo: time(this.#secondary.upTo) },
      nextRuns: {
        full: time(this.#next.get('full')),
        defragmentation: time(this.#next.get('defragmentation')),
        verification: time(this.#next.get('verification')),
      },
      lastErrors: this.#errors.map(({ at, code }) => ({ at: new Date(at).toISOString(), code })),
    };
  }

  #failed(error: unknown): void {
    this.#remember(error instanceof Failure ? error.code : 'unexpected');
  }

  #remember(code: string): void {
    this.#errors.unshift({ at: this.#now(), code });
    this.#errors.length = Math.min(this.#errors.length, mostErrors);
  }
}

/** Whether a verification has failed because what is stored is encrypted, and nothing that was given opens it. */
export function isUnopened(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'no_identity';
}

type Ended = Extract<VerificationEvent, { readonly type: 'verified' | 'verification failed' }>;

function proofDocument(event: Ended | undefined): BackupStatusDocument['proof'] {
  if (event === undefined) {
    return null;
  }
  const at = new Date(event.at).toISOString();
  const unknown = { seconds: null, provableRevision: null, provableStateOf: null, problems: [] };
  return event.type === 'verification failed'
    ? { at, outcome: 'not found out', ...unknown }
    : { at, seconds: event.seconds, ...provedDocument(event.proof) };
}

function provedDocument({ sound, provable, stateOf, problems }: Proof) {
  const outcome: 'sound' | 'damaged' = sound ? 'sound' : 'damaged';
  return { outcome, provableRevision: provable ?? null, provableStateOf: time(stateOf), problems };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
