import type { Logger } from '../../runtime/log/logger.ts';
import { EtcdFailure } from '../etcd-failure.ts';
import type { Login } from './login.ts';
import type { CallBounds, MemberClient } from './member-client.ts';

/** What is done at a member, within these bounds. */
export type MemberWork<T> = (member: MemberClient, bounds: CallBounds & { readonly timeoutMs: number }) => Promise<T>;

/** Name and bounds of the work. */
export interface PoolCall {
  /** What is done, as it reads after "cannot". */
  readonly action: string;
  readonly signal: AbortSignal;
  /** For one try at one member, ms; a login before it may take as long, but never longer than the pool's own limit. */
  readonly timeoutMs: number;
}

/** The members of one cluster. Prefers a member that works, and goes on to the next one when it fails. */
export class MemberPool implements Disposable {
  readonly #members: readonly MemberClient[];
  readonly #login: Login;
  readonly #loginTimeoutMs: number;
  readonly #log: Logger;
  /** Members that were passed over since they last worked. */
  readonly #passedOver = new Set<MemberClient>();
  #preferred = 0;

  constructor(
    members: readonly MemberClient[],
    options: { readonly login: Login; readonly loginTimeoutMs: number; readonly log: Logger },
  ) {
    this.#members = members;
    this.#login = options.login;
    this.#loginTimeoutMs = options.loginTimeoutMs;
    this.#log = options.log;
  }

  get size(): number {
    return this.#members.length;
  }

  get members(): readonly MemberClient[] {
    return this.#members;
  }

  /** The member that was named first. Throws an EtcdFailure `etcd_options` when none was. */
  get first(): MemberClient {
    return this.#memberAt(0);
  }

  /** For messages. */
  get location(): string {
    return this.#members.map(({ endpoint }) => endpoint.url).join(', ');
  }

  /**
   * Does `work` at the preferred member, or, when that fails, at each of the others until it succeeds once.
   * Throws the only failure, or one that sums all up.
   */
  async anywhere<T>(call: PoolCall, work: MemberWork<T>): Promise<T> {
    const failures: EtcdFailure[] = [];
    while (failures.length < this.#members.length) {
      call.signal.throwIfAborted();
      const member = this.#memberAt(this.#preferred);
      try {
        return await this.once(call, work);
      } catch (error) {
        if (!(error instanceof EtcdFailure)) {
          throw error;
        }
        failures.push(error);
        if (error.isOfTheCluster) {
          break;
        }
        if (failures.length < this.#members.length) {
          this.passOver(member, error);
        }
      }
    }
    throw summary(failures, call.action);
  }

  /**
   * Does `work` at the preferred member only, with one more try after a refused token.
   * A failure makes the next member the preferred one.
   */
  async once<T>(call: PoolCall, work: MemberWork<T>): Promise<T> {
    try {
      return await this.at(this.#memberAt(this.#preferred), call, work);
    } catch (error) {
      call.signal.throwIfAborted();
      this.moveOn();
      throw error;
    }
  }

  /** Does `work` at one member, with one more try after a refused token. */
  async at<T>(member: MemberClient, call: PoolCall, work: MemberWork<T>): Promise<T> {
    try {
      try {
        return await this.#withToken(member, call, work);
      } catch (error) {
        if (!this.#login.forgetIfRefused(error)) {
          throw error;
        }
        return await this.#withToken(member, call, work);
      }
    } catch (error) {
      call.signal.throwIfAborted();
      throw await member.failure(error, { action: call.action });
    }
  }

  /** Warns that other members take the place of `member`, once until it works again, and prefers one of those if there is any. */
  passOver(member: MemberClient, error: unknown): void {
    if (!this.#passedOver.has(member)) {
      this.#passedOver.add(member);
      const { url } = member.endpoint;
      this.#log.warn(
        { endpoint: url, error },
        `Passing over ${url}: ${error instanceof Error ? error.message : error}`,
      );
    }
    if (this.#members[this.#preferred] === member && this.#passedOver.size < this.#members.length) {
      while (this.#passedOver.has(this.#memberAt(this.#preferred))) {
        this.moveOn();
      }
    }
  }

  /** Makes `member` the preferred one. */
  prefer(member: MemberClient): void {
    this.#preferred = Math.max(0, this.#members.indexOf(member));
  }

  /** Makes the next member the preferred one. */
  moveOn(): void {
    this.#preferred = (this.#preferred + 1) % this.#members.length;
  }

  /** True when `error` says that a new login is needed; the next call then logs in. */
  forgetIfRefused(error: unknown): boolean {
    return this.#login.forgetIfRefused(error);
  }

  [Symbol.dispose](): void {
    for (const member of this.#members) {
      member[Symbol.dispose]();
    }
  }

  async #withToken<T>(member: MemberClient, { signal, timeoutMs }: PoolCall, work: MemberWork<T>): Promise<T> {
    const loginBounds = { signal, timeoutMs: Math.min(timeoutMs, this.#loginTimeoutMs) };
    const result = await work(member, { signal, timeoutMs, token: await this.#login.token(member, loginBounds) });
    this.#passedOver.delete(member);
    return result;
  }

  #memberAt(place: number): MemberClient {
    const member = this.#members[place];
    if (member === undefined) {
      throw new EtcdFailure({
        code: 'etcd_options',
        action: 'reach',
        object: 'etcd',
        found: 'no endpoint is given',
        remedy: 'give --endpoints',
      });
    }
    return member;
  }
}

function summary(failures: readonly EtcdFailure[], action: string): EtcdFailure {
  const [first] = failures;
  const last = failures.at(-1);
  if (first === undefined || last === undefined || failures.length === 1) {
    return last ?? new EtcdFailure({ code: 'etcd_options', action, object: 'etcd', found: 'no endpoint is given' });
  }
  return new EtcdFailure({
    code: failures.every(({ code }) => code === first.code) ? first.code : last.code,
    action,
    object: 'any endpoint of the cluster',
    found: failures.map(({ message }) => message).join(' | '),
    cause: new AggregateError(failures),
  });
}
