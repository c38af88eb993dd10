import type { EtcdCluster, MemberStatus } from '../../etcd/cluster.ts';
import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';

/** After so many unanswered questions in a row, users and roles count as unknown. */
const unansweredInARow = 3;

type Position = Pick<MemberStatus, 'raftIndex' | 'revision'>;

/**
 * Users, roles and the switch of authentication: no delta holds them, so a change of them needs a full. etcd orders the question like a
 * write, so it is asked only when the raft log has grown by more than the changes of keys.
 */
export class UsersState {
  readonly #cluster: EtcdCluster;
  readonly #log: Logger;
  /** What the newest full holds; undefined when that is not known. */
  #stored: string | undefined;
  #asked: Position | undefined;
  #isRefused = false;
  #unanswered = 0;

  constructor(cluster: EtcdCluster, log: Logger) {
    this.#cluster = cluster;
    this.#log = log;
  }

  /** The state now; undefined when etcd does not say it. */
  async ask(signal: AbortSignal): Promise<string | undefined> {
    if (this.#isRefused) {
      return undefined;
    }
    try {
      const state = await this.#cluster.usersState({ signal });
      this.#answered();
      return state;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EtcdFailure)) {
        throw error;
      }
      if (!error.isTransient) {
        this.#isRefused = true;
        this.#log.warn({ error }, `Changes of users and roles are only in the next full snapshot: ${error.message}`);
      } else {
        this.#notAnswered(error);
      }
      return undefined;
    }
  }

  /** A full is stored that was begun after `state` was asked, when the cluster was at `position`. */
  stored(state: string | undefined, position: Position): void {
    this.#stored = state ?? this.#stored;
    this.#asked = state === undefined ? undefined : position;
  }

  /** Whether users or roles may have changed since the newest full; false while etcd cannot be asked. */
  async haveChanged(signal: AbortSignal): Promise<boolean> {
    const before = await this.#position(signal);
    if (before === undefined || !this.#mayHaveChanged(before)) {
      return false;
    }
    const state = await this.ask(signal);
    // The question itself has made the log grow.
    this.#asked = state === undefined ? undefined : await this.#position(signal);
    if (state === undefined) {
      return false;
    }
    this.#stored ??= state;
    return state !== this.#stored;
  }

  #answered(): void {
    if (this.#unanswered >= unansweredInARow) {
      this.#log.info('etcd answers questions that go through its log again');
    }
    this.#unanswered = 0;
  }

  /** Keys may be read and watched all the same, so nothing else would show it. */
  #notAnswered(error: EtcdFailure): void {
    this.#unanswered += 1;
    if (this.#unanswered === unansweredInARow) {
      this.#log.warn(
        { error },
        `etcd has not answered ${unansweredInARow} questions that go through its log one after the other: changes of users and roles are noticed later. The newest: ${error.message}`,
      );
    }
  }

  #mayHaveChanged(now: Position): boolean {
    const last = this.#asked;
    this.#asked = now;
    return (
      !this.#isRefused &&
      (last === undefined || now.raftIndex - last.raftIndex !== BigInt(now.revision - last.revision))
    );
  }

  async #position(signal: AbortSignal): Promise<Position | undefined> {
    try {
      return await this.#cluster.status({ signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EtcdFailure)) {
        throw error;
      }
      return undefined;
    }
  }
}

/** Has a full taken as soon as users or roles have changed, asking every `periodMs`, until the signal aborts. */
export async function followUsers(
  users: UsersState,
  request: { readonly periodMs: number; takeFull(): Promise<unknown> },
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    await clock.sleep(request.periodMs, signal);
    if (await users.haveChanged(signal)) {
      log.info('Users or roles have changed: taking a full snapshot, since no delta holds them');
      await request.takeFull();
    }
  }
}
