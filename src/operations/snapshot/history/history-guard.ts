import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { ClusterHistory, type ClusterPosition } from '../../../etcd/cluster-history.ts';
import { EtcdFailure } from '../../../etcd/etcd-failure.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import type { EventSample } from '../../../snapshot/history/event-sample.ts';
import type { HistoryMarker } from '../../../snapshot/history/history-marker.ts';
import type { RevisionProof } from '../../../snapshot/history/revision-proof.ts';
import { mayBeLeft, type UnprovenContinuation, unprovenIn } from '../../../snapshot/history/unproven-continuation.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import { compareSurvivor } from './compare-survivor.ts';
import { compareWithDatabase, lastProofInDatabase, proofInDatabase, raisedAfter } from './database-proof.ts';
import type { HistoryBreak, ReadDatabase } from './history-break.ts';
import { markDoubt, type RunContents } from './mark-doubt.ts';
import {
  announceNewHistory,
  type FirstFull,
  livingIn,
  markNewHistory,
  type NewHistoryPlace,
} from './mark-new-history.ts';
import { firstDifference, samplesInDatabase } from './samples-in-database.ts';
import { samplesInStore } from './samples-in-store.ts';
import { proofOfSnapshot, readFull } from './snapshot-proof.ts';

/** What a {@link HistoryGuard} works with. */
export interface HistoryGuardParts {
  readonly store: SnapStore;
  readonly cluster: EtcdCluster;
  /** For fulls that have to be read. */
  readonly tempDir: string;
  readonly contents: RunContents;
}

/** A full in the store is read for a comparison at the start only up to this size, bytes. */
const LARGEST_COMPARED = 256 * 1024 * 1024;
/** So many unproven fulls are remembered: hourly ones of forty days. */
const MOST_UNPROVEN = 1_000;

/**
 * Proves that the cluster continues the history that is in the store, and begins a new history in the store where it does not:
 * a revision is only a number, which a cluster that was put back to an older state, or another one, counts again.
 */
export class HistoryGuard {
  readonly #parts: HistoryGuardParts;
  #history = new ClusterHistory();
  /** Writes of the history that was left last. */
  #samplesLeft: readonly EventSample[] = [];
  /** The revision that the store reaches in the history that is followed. */
  #reach = revision(0);
  #clusterId = 0n;
  #accepted = revision(0);
  /** Whether contents have proved that the run continues what was in the store before it; undefined before its first full or delta. */
  #continues: boolean | undefined;
  /** Of the database that was compared last: up to where it is proved to continue what is stored, where that is less than all of it. */
  #provedUpTo: Revision | undefined;
  #unproven: readonly UnprovenContinuation[] = [];
  /** Those that no marker in the store tells of. */
  #unmarked: readonly UnprovenContinuation[] = [];

  constructor(parts: HistoryGuardParts) {
    this.#parts = parts;
  }

  /** What was seen of the history that is followed. */
  get history(): ClusterHistory {
    return this.#history;
  }

  /** The revision that the store reaches in that history, as far as {@link learn} has found out. */
  get reach(): Revision {
    return this.#reach;
  }

  /** What a quorum had accepted when it was last asked; 0 when none has answered. */
  get accepted(): Revision {
    return this.#accepted;
  }

  /** Whether it is proved that the run continues what was in the store before it. */
  get continuesStore(): boolean {
    return this.#continues === true;
  }

  /** The fulls of this run of which nothing proves that their cluster continues all that was stored before, the newest ones. */
  get unproven(): readonly UnprovenContinuation[] {
    return this.#unproven;
  }

  /** Id of the cluster that is backed up now. */
  get clusterId(): bigint {
    return this.#clusterId;
  }

  /** The run goes on with deltas from the end of what is in the store: a watch does not begin before it has proved that. */
  resumes(): void {
    this.#continues = true;
  }

  /** Notes the id of the cluster that is backed up now. */
  isOf(clusterId: bigint): void {
    this.#clusterId = clusterId;
  }

  /** Learns what the store holds: how far it reaches, and the events at its end. */
  async learn(listing: StoreListing, context: RunContext): Promise<void> {
    const living = restorable(livingIn(listing));
    // A name that is ahead of the clock proves nothing, until its contents are read.
    const credible = living.filter(({ ahead }) => ahead === undefined);
    this.#reach = revision(credible.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0));
    const tip = living.at(-1);
    const isRead = tip !== undefined && (await this.#compareWith(tip, context));
    if (isRead) {
      this.#reach = revision(Math.max(this.#reach, tip.lastRevision));
    } else {
      const otherwise = credible.at(-1);
      if (otherwise !== undefined && otherwise !== tip) {
        await this.#compareWith(otherwise, context);
      }
    }
    const samples = await samplesInStore({ ...this.#parts, snapshots: this.#proved(credible, listing) }, context);
    this.#history.sampled([...this.#history.samples, ...samples]);
  }

  /** Learns the events at the end of a snapshot. False when they cannot be had. */
  async #compareWith(tip: StoredSnapshot, context: RunContext): Promise<boolean> {
    if (tip.kind === 'Full' && tip.size > LARGEST_COMPARED) {
      return false;
    }
    try {
      const proof = await this.#eventsAtEnd(tip, context);
      if (proof !== undefined && proof.count > 0) {
        this.#history.proved(proof);
      }
      return proof !== undefined;
    } catch (error) {
      context.signal.throwIfAborted();
      const text = `${tip.name} cannot be compared with the cluster`;
      context.log.warn({ snapshot: tip.name, error }, `${text}: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  }

  async #eventsAtEnd(snapshot: StoredSnapshot, context: RunContext): Promise<RevisionProof | undefined> {
    if (snapshot.kind === 'Incr') {
      return await proofOfSnapshot({ ...this.#parts, snapshot }, context);
    }
    const learn = async (path: string): Promise<RevisionProof> => {
      this.#history.sampled(await samplesInDatabase(path, context));
      return await lastProofInDatabase(path, context);
    };
    return await readFull({ ...this.#parts, full: snapshot }, learn, context);
  }

  /**
   * Asks a quorum where the cluster is. Undefined when that continues what was seen, up to `reached` and what the store reaches, and when
   * no quorum answers: then only contents can show it. Throws the signal's reason.
   */
  async breakNow(reached: Revision, context: Pick<RunContext, 'signal' | 'log'>): Promise<HistoryBreak | undefined> {
    const contradictionOf = this.#history.expectation(Math.max(reached, this.#reach, this.#history.lastRevision ?? 0));
    const position = await this.askQuorum(context);
    if (position === undefined) {
      return undefined;
    }
    const contradiction = contradictionOf(position);
    if (contradiction === undefined) {
      this.#history.at(position);
    }
    return contradiction;
  }

  /** Asks a quorum where the cluster is; undefined when none answers. Throws the signal's reason. */
  async askQuorum({ signal, log }: Pick<RunContext, 'signal' | 'log'>): Promise<ClusterPosition | undefined> {
    this.#accepted = revision(0);
    try {
      const position = await this.#parts.cluster.position({ signal });
      this.#accepted = position.revision;
      this.isOf(position.clusterId);
      return position;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EtcdFailure)) {
        throw error;
      }
      log.debug({ error }, `No quorum gives the revision of etcd: ${error.message}`);
      return undefined;
    }
  }

  /** Whether a database that was read has other events than `known`. Throws Damage. */
  async breakIn(
    database: ReadDatabase,
    known: RevisionProof | undefined,
    context: RunContext,
  ): Promise<HistoryBreak | undefined> {
    const differsAt = await firstDifference(database.path, this.#history.samples, context);
    if (differsAt !== undefined) {
      this.#continues ??= false;
      const found = `its events at revision ${differsAt} are not those that are in the backup`;
      return { change: 'different_events', found, differsAt };
    }
    if (known === undefined || known.revision > database.lastRevision) {
      this.#continues ??= false;
      return undefined;
    }
    this.#provedUpTo = undefined;
    const verdict = await compareWithDatabase(database.path, known, context);
    this.#continues ??= verdict === 'same';
    if (verdict === 'different') {
      const found = `its events at revision ${known.revision} are not those that are in the backup`;
      return { change: 'different_events', found, differsAt: known.revision };
    }
    return verdict === 'unproven' ? await this.#breakInRest(database, known, context) : undefined;
  }

  /** The same where a compaction has removed the events of `known`: what is left of others may show it. */
  async #breakInRest(
    { path }: ReadDatabase,
    known: RevisionProof,
    context: RunContext,
  ): Promise<HistoryBreak | undefined> {
    const raised = await raisedAfter(path, known.revision, context);
    if (raised !== undefined) {
      const found = `a restore has raised its revisions to ${raised}, and of the backup's last revision, ${known.revision}, nothing is there`;
      return { change: 'rolled_back', found };
    }
    const { store } = this.#parts;
    const snapshots = await this.#livingNow(context);
    const survivor = await compareSurvivor({ store, snapshots, path, upTo: known.revision }, context);
    if (survivor?.verdict === 'different') {
      const found = `what a compaction has left of its events at revision ${survivor.at} is not what is in the backup`;
      return { change: 'different_events', found, differsAt: survivor.at };
    }
    this.#provedUpTo = survivor?.verdict === 'same' ? survivor.at : revision(0);
    return undefined;
  }

  /** Without what may be of another history: that proves nothing of the one that is followed. */
  #proved(snapshots: readonly StoredSnapshot[], { markers }: StoreListing): readonly StoredSnapshot[] {
    const doubts = unprovenIn(markers, this.#unproven);
    return snapshots.filter((each) => !doubts.some((doubt) => mayBeLeft(each, doubt)));
  }

  /** What is stored of the living history, as far as it is not in doubt; nothing, with a warning, where the store does not say: a full must not fail because of it. */
  async #livingNow({ signal, log }: RunContext): Promise<readonly StoredSnapshot[]> {
    const { store } = this.#parts;
    try {
      const listing = await store.list({ signal });
      return this.#proved(restorable(livingIn(listing)), listing);
    } catch (error) {
      if (!(error instanceof StoreError)) {
        throw error;
      }
      log.warn({ error }, `The cluster cannot be compared with what is stored: ${error.message}`);
      return [];
    }
  }

  /** Forgets the history that was followed: a new one begins. Says so, loudly. */
  leave({ change, found }: HistoryBreak, { log }: Pick<RunContext, 'log'>): void {
    const { cluster, store } = this.#parts;
    log.error(
      { change, found },
      `THE CLUSTER HAS ANOTHER HISTORY than the backup in ${store.location}: of ${cluster.location}, ${found}. ` +
        'A new history begins with a full snapshot; what was stored before stays, and restore --history brings it back. Where nobody has put ' +
        'the cluster back or replaced it, check --endpoints and --store-prefix: each cluster needs a prefix of its own',
    );
    this.#samplesLeft = this.#history.samples;
    this.#history = new ClusterHistory();
    this.#reach = revision(0);
    this.#provedUpTo = undefined;
  }

  /**
   * A full of `database` is about to be stored. Where the comparison has left something in doubt, a marker in the store says so; one that
   * cannot be written is no failure, the next full tries again.
   */
  async storing(createdOn: number, database: ReadDatabase, context: Pick<RunContext, 'signal' | 'log'>): Promise<void> {
    if (this.#provedUpTo !== undefined) {
      const unproven = { after: this.#provedUpTo, upTo: database.lastRevision, takenOn: createdOn };
      this.#unproven = [...this.#unproven, unproven].slice(-MOST_UNPROVEN);
      this.#unmarked = [...this.#unmarked, unproven].slice(-MOST_UNPROVEN);
      this.#provedUpTo = undefined;
    }
    for (const doubt of this.#unmarked) {
      try {
        await markDoubt({ ...this.#parts, clusterId: this.#clusterId }, doubt, context);
        this.#unmarked = this.#unmarked.filter((each) => each !== doubt);
      } catch (error) {
        if (!(error instanceof StoreError)) {
          throw error;
        }
        context.log.warn(
          { error },
          `What is in doubt could not be marked, and is known to this run only: ${error.message}`,
        );
        return;
      }
    }
  }

  /** Notes a full that was stored from `database`: what comes next has to continue it. Throws Damage. */
  async stored(database: ReadDatabase): Promise<void> {
    // A few pages; what was stored although the run ends has to count as well.
    const { signal } = new AbortController();
    this.#history.sampled(await samplesInDatabase(database.path, { signal }));
    const proof = await proofInDatabase(database.path, { signal });
    if (proof.count > 0) {
      this.#history.proved(proof);
    } else {
      // The newest events are compacted away, and so is all before them: a watch that asked for it would only find that out.
      this.#history.cannotProve(database.lastRevision);
    }
  }

  /**
   * Announces the new history before its first full becomes visible: see {@link announceNewHistory}. A store that refuses it for good is no
   * failure: a full is worth more than its marker. Throws a StoreError where the store is out of order.
   */
  async announce(broken: HistoryBreak, begun: FirstFull, context: RunContext): Promise<HistoryMarker | undefined> {
    try {
      return await announceNewHistory(this.#newHistoryPlace, broken, begun, context);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof StoreError) || error.kind === 'transient') {
        throw error;
      }
      const text = 'The new history cannot be announced; it is marked once its first full is stored';
      context.log.warn({ error, first: begun.first.name }, `${text}: ${error.message}`);
      return undefined;
    }
  }

  /** Marks in the store which objects belong to the history that was left: see {@link markNewHistory}. */
  async begin(
    broken: HistoryBreak,
    begun: FirstFull & { readonly announced: HistoryMarker | undefined },
    context: RunContext,
  ): Promise<void> {
    await markNewHistory(this.#newHistoryPlace, broken, begun, context);
  }

  get #newHistoryPlace(): NewHistoryPlace {
    return { ...this.#parts, clusterId: this.#clusterId, samples: this.#samplesLeft };
  }
}
