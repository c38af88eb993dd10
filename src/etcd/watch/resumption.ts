import { nextRevision, type Revision } from '../../revision.ts';
import { Backoff, type BackoffPolicy } from '../../runtime/async/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { limits } from '../../runtime/limits.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { EventSample } from '../../snapshot/history/event-sample.ts';
import type { RevisionProof } from '../../snapshot/history/revision-proof.ts';
import type { WatchBatch } from '../cluster.ts';
import type { ClusterHistory } from '../cluster-history.ts';
import type { MemberClient } from '../connection/member-client.ts';
import type { MemberPool } from '../connection/member-pool.ts';
import { EtcdFailure, HistoryChangedFailure } from '../etcd-failure.ts';
import { askPosition } from '../rpc/member-position.ts';
import type { ResponseHeader } from './watch-response.ts';

/** What a watch over several connections needs. */
export interface WatchParts {
  readonly pool: MemberPool;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a member may take to accept the watch, or to catch up with what others have already shown, ms. */
  readonly acceptTimeoutMs: number;
}

/** Whether a position contradicts what was seen before it was asked for. */
type Expectation = ReturnType<ClusterHistory['expectation']>;

const backoffPolicy: BackoffPolicy = { firstMs: 100, multiplier: 2, longestMs: 5_000 };

/** What a watch remembers from one stream to the next, and whether another stream is worth a try. */
export class Resumption {
  readonly #parts: WatchParts;
  readonly #history: ClusterHistory;
  #next: Revision;
  /** One wait for each stream that failed since one was last accepted. */
  readonly #backoff = new Backoff(backoffPolicy);
  #loggedInAgain = false;
  /** How many members, one after the other, refused. */
  #refusals = 0;
  /** Where a revision was missing, until the watch gets beyond it. */
  #gapAt: Revision | undefined;
  /** How many streams, one after the other, showed another history: one member alone may be corrupt. */
  #differing = 0;
  /** Since when members have lagged, compared with what was already seen, monotonic ms. */
  #behindSince: number | undefined;

  constructor(parts: WatchParts, { from, history }: { readonly from: Revision; readonly history: ClusterHistory }) {
    this.#parts = parts;
    this.#history = history;
    this.#next = from;
  }

  /** The revision to watch from. */
  get next(): Revision {
    return this.#next;
  }

  /** What is known of the revision before {@link next}; undefined when nothing is, or it is too large to be sent once more. */
  get known(): RevisionProof | undefined {
    const { proof } = this.#history;
    const isOfUse = proof !== undefined && proof.count > 0 && proof.bytes <= limits.transaction.most;
    return isOfUse && nextRevision(proof.revision) === this.#next ? proof : undefined;
  }

  /** Notes that everything up to the revision of `batch` is delivered. */
  delivered(batch: WatchBatch): void {
    this.#next = nextRevision(batch.revision);
    this.#differing = 0;
    this.#history.received(batch.events);
  }

  /**
   * What the member has to fulfil that is asked from now on, see {@link ClusterHistory.expectation}: fulls move on what was seen, while a
   * watch begins.
   */
  expectation(): Expectation {
    return this.#history.expectation(this.#next - 1);
  }

  /**
   * Notes that a member has accepted the watch. Throws a {@link HistoryChangedFailure} when it belongs to another cluster, or is
   * at an older point than was seen before: a member that lags, or a restored cluster.
   */
  accepted(
    header: ResponseHeader & { readonly raftIndex?: bigint },
    member: MemberClient,
    contradictionOf: Expectation = this.expectation(),
  ): void {
    const { storeRevision, ...rest } = header;
    const position = { ...rest, revision: storeRevision };
    const contradiction = contradictionOf(position);
    if (contradiction !== undefined) {
      if (contradiction.mayLag) {
        this.#behindSince ??= this.#parts.clock.monotonic();
      }
      throw new HistoryChangedFailure({ endpoint: member.endpoint.url, ...contradiction });
    }
    this.#history.at(position);
    if (this.#backoff.waits > 0) {
      const { log } = this.#parts;
      log.info({ endpoint: member.endpoint.url }, `Watch goes on from revision ${this.#next}`);
    }
    this.#behindSince = undefined;
    this.#backoff.reset();
    this.#refusals = 0;
    this.#loggedInAgain = false;
  }

  /** Notes the sample of the history that a member shows otherwise. Throws a {@link HistoryChangedFailure} when there is one. */
  compared(differing: EventSample | undefined, { endpoint }: MemberClient): void {
    if (differing !== undefined) {
      const { revision } = differing;
      const found = `one of its events at revision ${revision} is not that which was seen before`;
      const change = { change: 'different_events', found, mayLag: false, differsAt: revision } as const;
      throw new HistoryChangedFailure({ endpoint: endpoint.url, ...change });
    }
  }

  /** Waits until the next try. Throws what `error` means when another try cannot help. */
  async afterFailure(error: unknown, member: MemberClient | undefined, signal: AbortSignal): Promise<void> {
    const { pool, clock, log } = this.#parts;
    if (pool.forgetIfRefused(error) && !this.#loggedInAgain) {
      this.#loggedInAgain = true;
      log.info(`Login ran out, logging in again before the watch goes on from revision ${this.#next}`);
      return;
    }
    const failure = member === undefined ? error : await member.failure(error, { action: 'watch' });
    if (member !== undefined && failure instanceof HistoryChangedFailure && failure.mayLag) {
      await this.#refuseProven(member, signal);
    }
    const delayMs = this.#backoff.nextMs();
    const failed = this.#backoff.waits;
    if (!(failure instanceof EtcdFailure) || !this.#isWorthAnotherTry(failure)) {
      throw failure;
    }
    if (member !== undefined) {
      pool.moveOn();
    }
    // Failures 1, 2, 4, 8 and so on are logged: an outage of hours must not fill the log.
    if (Number.isInteger(Math.log2(failed))) {
      log.warn({ attempt: failed }, `Watch broke off before revision ${this.#next}, trying again: ${failure.message}`);
    }
    await clock.sleep(delayMs, signal);
  }

  #mayCatchUp(): boolean {
    const { clock, acceptTimeoutMs } = this.#parts;
    return this.#behindSince !== undefined && clock.monotonic() - this.#behindSince < acceptTimeoutMs;
  }

  /** Whether other members should be asked, too. */
  #mayDiffer(): boolean {
    this.#differing += 1;
    return this.#differing < this.#parts.pool.size;
  }

  /** Lets a quorum say whether a member only lags. Without an answer nothing is proved. */
  async #refuseProven(member: MemberClient, signal: AbortSignal): Promise<void> {
    const { pool, acceptTimeoutMs } = this.#parts;
    const call = { action: 'ask the revision of', signal, timeoutMs: acceptTimeoutMs };
    const contradictionOf = this.expectation();
    const position = await pool.at(member, call, askPosition).catch(() => undefined);
    signal.throwIfAborted();
    const contradiction = position === undefined ? undefined : contradictionOf(position);
    if (contradiction !== undefined) {
      throw new HistoryChangedFailure({ endpoint: member.endpoint.url, ...contradiction, mayLag: false });
    }
  }

  #isWorthAnotherTry(failure: EtcdFailure): boolean {
    switch (failure.code) {
      case 'etcd_unreachable':
      case 'etcd_timeout':
        this.#refusals = 0;
        return true;
      case 'etcd_tls':
      case 'etcd_auth':
      case 'etcd_refused':
      case 'etcd_learner_refuses':
        this.#refusals += 1;
        return this.#refusals < this.#parts.pool.size;
      case 'etcd_history_gap': {
        const again = this.#gapAt === this.#next;
        this.#gapAt = this.#next;
        return !again;
      }
      case 'etcd_history_changed':
        return failure instanceof HistoryChangedFailure && failure.mayLag ? this.#mayCatchUp() : this.#mayDiffer();
      case 'etcd_compacted':
      case 'etcd_transaction_too_large':
      case 'etcd_options':
      case 'etcd_no_space':
      case 'etcd_request_too_large':
      case 'etcd_snapshot_incomplete':
      case 'etcd_member_exists':
      case 'etcd_member_not_found':
      case 'etcd_too_many_learners':
      case 'etcd_learner_not_ready':
      case 'etcd_not_a_learner':
        return false;
      default:
        return failure.code satisfies never;
    }
  }
}
