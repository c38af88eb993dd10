import { EtcdFailure } from '../etcd-failure.ts';
import type { Login } from './login.ts';
import type { Member } from './member.ts';

/** What is done at a member, with the token to send along. */
export type MemberWork<T> = (member: Member, token: string | undefined) => Promise<T>;

/** The members of one cluster: finds one that works and stays with it until it fails. */
export class MemberPool implements Disposable {
  readonly #members: readonly Member[];
  readonly #login: Login;
  readonly #loginTimeoutMs: number;
  #preferred = 0;

  constructor(members: readonly Member[], options: { readonly login: Login; readonly loginTimeoutMs: number }) {
    this.#members = members;
    this.#login = options.login;
    this.#loginTimeoutMs = options.loginTimeoutMs;
  }

  get size(): number {
    return this.#members.length;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** For messages. */
  get location(): string {
    return this.#members.map(({ endpoint }) => endpoint.url).join(', ');
  }

  /**
   * Does `work` at the preferred member, or, when that fails, at each of the others until it succeeds once.
   * `action` says what is done, as it reads after "cannot". Throws the only failure, or one that sums all up.
   */
  async anywhere<T>(action: string, work: MemberWork<T>, signal: AbortSignal): Promise<T> {
    const failures: EtcdFailure[] = [];
    while (failures.length < this.#members.length) {
      signal.throwIfAborted();
      try {
        return await this.once(action, work, signal);
      } catch (error) {
        if (!(error instanceof EtcdFailure)) {
          throw error;
        }
        failures.push(error);
        // Every member would say the same.
        if (error.code === 'etcd_auth' || error.code === 'etcd_refused') {
          break;
        }
      }
    }
    throw summary(failures, action);
  }

  /**
   * Does `work` at the preferred member only, with one more try after a refused token.
   * A failure makes the next member the preferred one.
   */
  async once<T>(action: string, work: MemberWork<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.at(this.#member(), action, work, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.moveOn();
      throw error;
    }
  }

  /** Does `work` at one member, with one more try after a refused token. */
  async at<T>(member: Member, action: string, work: MemberWork<T>, signal: AbortSignal): Promise<T> {
    try {
      try {
        return await this.#withToken(member, work, signal);
      } catch (error) {
        if (!this.#login.forgetIfRefused(error)) {
          throw error;
        }
        return await this.#withToken(member, work, signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw await member.failure(error, { action });
    }
  }

  /** Makes `member` the preferred one. */
  prefer(member: Member): void {
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

  async #withToken<T>(member: Member, work: MemberWork<T>, signal: AbortSignal): Promise<T> {
    return await work(member, await this.#login.token(member, { signal, timeoutMs: this.#loginTimeoutMs }));
  }

  #member(): Member {
    const member = this.#members[this.#preferred];
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
