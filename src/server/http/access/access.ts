import type { Exchange } from '../exchange.ts';
import { plainReply, type Reply } from '../reply.ts';
import { discardBody } from '../request-body.ts';
import type { AuthTokens } from './auth-tokens.ts';
import { foreignBrowser, type Purpose } from './foreign-browser.ts';

/** Who may ask for a path: `all` for health, which probes without a token read. */
export type Audience = 'all' | Purpose;

/** Browsers ask for a password, which is the token; the name does not matter. */
const challenge = 'Bearer realm="etcdbrctl", Basic realm="etcdbrctl", charset="UTF-8"';

/** Decides which requests are answered: by their token where one is needed, and by where a browser sent them from. */
export class Access {
  readonly #tokens: Pick<AuthTokens, 'accepts'> | undefined;

  /** Without `tokens` none is needed. */
  constructor(tokens: Pick<AuthTokens, 'accepts'> | undefined) {
    this.#tokens = tokens;
  }

  /** Whether a client may read that shows this Authorization header and is no browser. */
  accepts(authorization: string | undefined): boolean | Promise<boolean> {
    return this.#tokens === undefined || this.#tokens.accepts(authorization);
  }

  /** The answer that refuses a request, whose body is read then; undefined when it may go on. */
  async refusal(exchange: Exchange, audience: Audience): Promise<Reply | undefined> {
    if (audience === 'all') {
      return undefined;
    }
    const { authorization } = exchange.incoming.headers;
    if (!(await this.accepts(authorization))) {
      discardBody(exchange);
      return unauthorized();
    }
    const why = foreignBrowser(exchange, { purpose: audience, isSecret: this.#tokens !== undefined });
    if (why === undefined) {
      return undefined;
    }
    discardBody(exchange);
    return plainReply(403, `${why}\n`);
  }
}

function unauthorized(): Reply {
  const { headers, ...answer } = plainReply(401, 'a token of --auth-token-file is needed\n');
  return { ...answer, headers: { ...headers, 'www-authenticate': challenge } };
}
