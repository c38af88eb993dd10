import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { kindOf } from '../../../fs/open-file.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { Logger } from '../../../runtime/log/logger.ts';
import { ChangingFile, readAtMost } from '../../../runtime/read-at-most.ts';
import { isFileSystemError, systemRefusal } from '../../../runtime/system-error.ts';

/** How long what was read of the file is believed, ms. */
const freshMs = 1_000;
/** Longer files hold no tokens, bytes. */
const longest = 64 * 1024;
/** Shorter ones can be guessed, characters. */
const shortest = 16;

interface Tokens {
  /** Sent to other sidecars. */
  readonly own: string;
  /** Digests of all that are accepted. */
  readonly digests: readonly Buffer[];
}

interface Context {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The tokens of `--auth-token-file`, one a line: all of them are accepted, the first is what this sidecar shows to others. So a token is
 * changed without a gap: add the new one below, then put it first, then take the old one away. The file is read again when it has changed
 * and a request comes, so that a server at rest does nothing for it.
 */
export class AuthTokens {
  readonly #path: string;
  readonly #context: Context;
  #tokens: Tokens;
  #stamp: string;
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #fault: string | undefined;

  private constructor(path: string, context: Context, first: { readonly tokens: Tokens; readonly stamp: string }) {
    this.#path = path;
    this.#context = context;
    this.#tokens = first.tokens;
    this.#stamp = first.stamp;
    this.#lookedAt = context.clock.monotonic();
  }

  /** Reads the file for the first time. Throws a Failure `auth_token`. Warns when others can read or change it. */
  static async open(path: string, context: Context): Promise<AuthTokens> {
    return new AuthTokens(path, context, await readTokens(path, context.log));
  }

  /** What this sidecar shows to others, as the file has it now. */
  async own(): Promise<string> {
    await this.#lookAgain();
    return this.#tokens.own;
  }

  /** Whether an Authorization header holds one of the tokens: as `Bearer`, or as the password of `Basic`, for browsers. */
  async accepts(authorization: string | undefined): Promise<boolean> {
    const given = tokenIn(authorization);
    if (given === undefined) {
      return false;
    }
    await this.#lookAgain();
    const digest = digestOf(given);
    // All are compared, so that the time does not show which one was nearly right.
    return this.#tokens.digests.filter((each) => timingSafeEqual(each, digest)).length > 0;
  }

  async #lookAgain(): Promise<void> {
    if (this.#context.clock.monotonic() - this.#lookedAt < freshMs) {
      return;
    }
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#lookedAt = this.#context.clock.monotonic();
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { log } = this.#context;
    try {
      // What failed may be mended without a new time of change, as by chmod.
      const facts = await stat(this.#path).catch(() => undefined);
      if (this.#fault === undefined && facts !== undefined && stampOf(facts) === this.#stamp) {
        return;
      }
      const { tokens, stamp } = await readTokens(this.#path, log);
      this.#tokens = tokens;
      this.#stamp = stamp;
      this.#fault = undefined;
      log.info(`The tokens in ${this.#path} have changed and were read again`);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#fault) {
        this.#fault = fault;
        log.warn({ error }, `Going on with the tokens that were read before: ${fault}`);
      }
    }
  }
}

async function readTokens(path: string, log: Logger): Promise<{ readonly tokens: Tokens; readonly stamp: string }> {
  const object = `${path} (--auth-token-file)`;
  try {
    const facts = await stat(path);
    // It is read again and again, which a pipe or a device does not bear.
    if (!facts.isFile() && !facts.isDirectory()) {
      throw refuse(
        object,
        `it is ${kindOf(facts)}: a server reads it again when it has changed, which takes a regular file`,
      );
    }
    if (facts.size > longest) {
      throw refuse(object, 'it is too large to hold tokens');
    }
    const text = (await readAtMost(path, longest)).toString('utf8');
    warnOfOthers(path, facts.mode, log);
    return { tokens: tokensIn(text, object), stamp: stampOf(facts) };
  } catch (error) {
    if (error instanceof ChangingFile || error instanceof RangeError) {
      throw refuse(object, error.message, error);
    }
    throw error instanceof Failure || !isFileSystemError(error)
      ? error
      : refuse(object, systemRefusal(error).found, error);
  }
}

function tokensIn(text: string, object: string): Tokens {
  const all = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [own] = all;
  if (own === undefined) {
    throw refuse(object, 'it is empty');
  }
  // Of a token nothing is shown, and so neither of a line that is none.
  const odd = all.findIndex((token) => !/^[\x21-\x7e]+$/.test(token));
  if (odd >= 0) {
    throw refuse(object, `token ${odd + 1} has blanks, or signs that are not ASCII`);
  }
  const short = all.findIndex((token) => token.length < shortest);
  if (short >= 0) {
    throw refuse(object, `token ${short + 1} is shorter than ${shortest} characters`);
  }
  return { own, digests: all.map(digestOf) };
}

/** A group may read it, as Kubernetes needs for a user that is not root; everybody must not, and none but the owner write. */
function warnOfOthers(path: string, mode: number, log: Logger): void {
  const [reads, writes] = [(mode & 0o004) !== 0, (mode & 0o022) !== 0];
  if (reads || writes) {
    const can = [...(reads ? ['read'] : []), ...(writes ? ['change'] : [])].join(' and ');
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    log.warn(
      `Others can ${can} the tokens in ${path}, whose mode is ${shown}: make it 0600, ` +
        'or give the volume of a Kubernetes secret defaultMode 0440',
    );
  }
}

/** The token that an Authorization header shows (RFC 6750, RFC 7617). */
function tokenIn(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)\s*$/.exec(authorization ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value;
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString('utf8');
      const colon = pair.indexOf(':');
      return colon < 0 ? undefined : pair.slice(colon + 1);
    }
    default:
      return undefined;
  }
}

/** All digests have one length, which `timingSafeEqual` needs and which does not show that of a token. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function stampOf({ mtimeMs, size, ino }: { readonly mtimeMs: number; readonly size: number; readonly ino: number }) {
  return `${mtimeMs}/${size}/${ino}`;
}

function refuse(object: string, found: string, cause?: unknown): Failure {
  return new Failure({
    code: 'auth_token',
    action: 'protect the server with',
    object,
    found,
    remedy: `give a file with a random token of at least ${shortest} characters, as \`openssl rand -hex 32\` prints`,
    cause,
  });
}
