import { nextRevision, type Revision } from '../../revision.ts';
import { Backoff, type BackoffPolicy } from '../../runtime/async/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { WatchBatch } from '../cluster.ts';
import type { MemberClient } from '../connection/member-client.ts';
import type { MemberPool } from '../connection/member-pool.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import type { ResponseHeader } from './watch-response.ts';

/** What a watch over several connections needs. */
export interface WatchParts {
  readonly pool: MemberPool;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a member may take to accept the watch, or to catch up with what others have already shown, ms. */
  readonly acceptTimeoutMs: number;
}

const backoffPolicy: BackoffPolicy = { firstMs: 100, multiplier: 2, longestMs: 5_000 };

/** What a watch remembers from one stream to the next, and whether another stream is worth a try. */
export class Resumption {
  readonly #parts: WatchParts;
  #next: Revision;
  #clusterId: bigint | undefined;
  /** One wait for each stream that failed since one was last accepted. */
  readonly #backoff = new Backoff(backoffPolicy);
  #loggedInAgain = false;
  /** Where a revision was missing, until the watch gets beyond it. */
  #gapAt: Revision | undefined;
  /** Since when members lag behind what was already seen, monotonic ms. */
  #behindSince: number | undefined;

  constructor(parts: WatchParts, from: Revision) {
    this.#parts = parts;
    this.#next = from;
  }

  /** The revision to watch from. */
  get next(): Revision {
    return this.#next;
  }

  /** Notes that everything up to the revision of `batch` is delivered. */
  delivered(batch: WatchBatch): void {
    this.#next = nextRevision(batch.revision);
  }

  /**
   * Notes that a member has accepted the watch. Throws an {@link EtcdFailure} `etcd_history_changed` when it belongs to
   * another cluster, or is at an older revision than was seen before: a member that lags, or a restored cluster.
   */
  accepted(header: ResponseHeader, member: MemberClient): void {
    const { clusterId, storeRevision } = header;
    this.#clusterId ??= clusterId;
    if (clusterId !== this.#clusterId) {
      throw historyChanged(member, `its cluster id is ${hex(clusterId)}, it was ${hex(this.#clusterId)}`);
    }
    if (nextRevision(storeRevision) < this.#next) {
      this.#behindSince ??= this.#parts.clock.monotonic();
      throw historyChanged(member, `it is at revision ${storeRevision}, and ${this.#next - 1} was seen before`);
    }
    if (this.#backoff.waits > 0) {
      const { log } = this.#parts;
      log.info({ endpoint: member.endpoint.url }, `Watch goes on from revision ${this.#next}`);
    }
    this.#behindSince = undefined;
    this.#backoff.reset();
    this.#loggedInAgain = false;
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

  #isWorthAnotherTry(failure: EtcdFailure): boolean {
    switch (failure.code) {
      case 'etcd_unreachable':
      case 'etcd_timeout':
        return true;
      case 'etcd_tls':
      case 'etcd_auth':
      case 'etcd_refused':
      case 'etcd_learner_refuses':
        return this.#backoff.waits < this.#parts.pool.size;
      case 'etcd_history_gap': {
        const again = this.#gapAt === this.#next;
        this.#gapAt = this.#next;
        return !again;
      }
      case 'etcd_history_changed':
        return (
          this.#behindSince !== undefined &&
          this.#parts.clock.monotonic() - this.#behindSince < this.#parts.acceptTimeoutMs
        );
      case 'etcd_compacted':
      case 'etcd_options':
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

function historyChanged(member: MemberClient, found: string): EtcdFailure {
  return new EtcdFailure({
    code: 'etcd_history_changed',
    action: 'go on watching',
    object: member.endpoint.url,
    found,
    remedy: 'if the cluster was restored or replaced, start again with a full snapshot',
  });
}

function hex(id: bigint): string {
  return id.toString(16);
}
