import { authenticateRpc } from '../rpc/rpc.ts';
import { isServiceError, isTokenMissing, isTokenRefused } from '../rpc/rpc-error.ts';
import type { CallBounds, MemberClient } from './member-client.ts';

/** The user of a cluster with authentication. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Keeps the token that etcd issued for user and password, and gets another one after it was refused.
 * Without credentials no token is sent.
 */
export class Login {
  readonly #credentials: Credentials | undefined;
  #token: string | undefined;

  constructor(credentials: Credentials | undefined) {
    this.#credentials = credentials;
  }

  /** The token to send to `member`; logs in there on first use. */
  async token(
    member: MemberClient,
    bounds: Omit<CallBounds, 'token'> & { readonly timeoutMs: number },
  ): Promise<string | undefined> {
    if (this.#credentials === undefined || this.#token !== undefined) {
      return this.#token;
    }
    const { username: name, password } = this.#credentials;
    try {
      const answer = await member.unary(authenticateRpc, { name, password }, { ...bounds, token: undefined });
      this.#token = answer.token;
    } catch (error) {
      // Authentication is off: no token is needed. etcd's own clients ignore this refusal too.
      if (!(isServiceError(error) && error.details.includes('authentication is not enabled'))) {
        throw error;
      }
    }
    return this.#token;
  }

  /**
   * Forgets the token when `error` says that it is no longer accepted, or that one is needed where none was; true when the call is worth
   * another try with a new one.
   */
  forgetIfRefused(error: unknown): boolean {
    if (this.#credentials === undefined || !isServiceError(error)) {
      return false;
    }
    if (!isTokenRefused(error) && !isTokenMissing(error)) {
      return false;
    }
    this.#token = undefined;
    return true;
  }
}
