import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { ClusterHistory, type ClusterPosition } from '../../../etcd/cluster-history.ts';
import { EtcdFailure } from '../../../etcd/etcd-failure.ts';
import { type Revision, revision } from '../../../revision.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import { restorable } from '../../../snapshot/chain.ts';
import type { EventSample } from '../../../snapshot/history/event-sample.ts';
import type { HistoryMarker } from '../../../snapshot/history/history-marker.ts';
import type { RevisionProof } from '../../../snapshot/history/revision-proof.ts';
import type { UnprovenContinuation } from '../../../snapshot/history/unproven-continuation.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../../snapstore/snapstore.ts';
import { StoreError } from '../../../snapstore/store-error.ts';
import { compareRest, livingNow } from './compare-rest.ts';
import { ContinuationDoubts } from './continuation-doubts.ts';
import { compareWithDatabase, proofInDatabase } from './database-proof.ts';
import type { HistoryBreak, ReadDatabase } from './history-break.ts';
import { learnEnd } from './learn-end.ts';
import type { RunContents } from './mark-doubt.ts';
import {
  announceNewHistory,
  type FirstFull,
  livingIn,
  markNewHistory,
  type NewHistoryPlace,
} from './mark-new-history.ts';
import { firstDifference, samplesInDatabase } from './samples-in-database.ts';
import { samplesInStore } from './samples-in-store.ts';

/** What a {@link HistoryGuard} works with. */
export interface HistoryGuardParts {
  readonly store: SnapStore;
  readonly cluster: EtcdCluster;
  /** For fulls that have to be read. */
  readonly tempDir: string;
  readonly contents: RunContents;
}

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
  readonly #doubts = new ContinuationDoubts();

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
    return this.#doubts.unproven;
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
    this.#reach = await learnEnd({ ...this.#parts, history: this.#history }, living, context);
    const credible = living.filter(({ ahead }) => ahead === undefined);
    const samples = await samplesInStore(
      { ...this.#parts, snapshots: this.#doubts.withoutDoubtful(credible, listing) },
      context,
    );
    this.#history.sampled([...this.#history.samples, ...samples]);
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
    this.#doubts.compared(undefined);
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
    const { store } = this.#parts;
    const living = (): Promise<readonly StoredSnapshot[]> => livingNow(store, this.#doubts, context);
    const found = await compareRest({ store, path, known: known.revision, living }, context);
    if (found.outcome === 'other') {
      return found.broken;
    }
    this.#doubts.compared(found.provedUpTo);
    return undefined;
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
    this.#doubts.compared(undefined);
  }

  /**
   * A full of `database` is about to be stored. Where the comparison has left something in doubt, a marker in the store says so; one that
   * cannot be written is no failure, the next full tries again.
   */
  async storing(createdOn: number, database: ReadDatabase, context: Pick<RunContext, 'signal' | 'log'>): Promise<void> {
    const place = { ...this.#parts, clusterId: this.#clusterId };
    await this.#doubts.storing({ createdOn, database }, place, context);
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
