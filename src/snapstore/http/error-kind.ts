import { Failure } from '../../runtime/failure.ts';
import type { StoreErrorKind } from '../store-error.ts';
import { BodyFault } from './body-fault.ts';
import { ConnectTimeout } from './connect-deadline.ts';
import { foreignAnswerRemedy } from './foreign-answer.ts';
import { InformationalAnswers } from './informational-answers.ts';
import { DeadlineExceeded } from './request-deadline.ts';
import { tlsFault } from './tls-fault.ts';

/** What an error means, and how it reads in a message. */
export interface ErrorKind {
  readonly kind: StoreErrorKind;
  readonly found: string;
  /** What to do about it; left out where that depends on the store, or on what is not known. */
  readonly remedy?: string;
}

/**
 * What an HTTP status means where the provider's own error code says nothing more precise.
 * RFC 9110 section 15, RFC 6585 for 429, RFC 4918 for 507.
 */
export function kindOfStatus(status: number): StoreErrorKind {
  if (status === 401 || status === 403 || status === 407) {
    return 'denied';
  }
  if (status === 404) {
    return 'not_found';
  }
  if (status === 410) {
    return 'gone';
  }
  if (status === 507) {
    return 'quota';
  }
  // Not implemented, another version of HTTP, and what follows them: no repetition changes that (RFC 9110, 2295, 2774, 6585).
  if (status === 501 || status === 505 || status === 506 || status >= 510) {
    return 'invalid';
  }
  // 499 is what proxies log, and some answer, when a connection broke.
  const worthAnotherTry = status === 408 || status === 425 || status === 429 || status === 499 || status >= 500;
  return worthAnotherTry ? 'transient' : 'invalid';
}

/** What to do about a status, whatever the store; undefined where that depends on the store. */
export function remedyOfStatus(status: number): string | undefined {
  return remediesOfStatus[status];
}

const remediesOfStatus: Readonly<Record<number, string>> = {
  407: 'check the credentials in the address of the proxy',
  413: 'something in front of the store limits the size of requests: raise its limit, or lower --min-chunk-size',
  511: 'the network wants a login first',
};

/** What a `Retry-After` header asks for, ms: it holds seconds or a date (RFC 9110 section 10.2.3). Undefined when it says neither. */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** What an error without a response means: no connection, a broken one, no trusted certificate, no time. Looks at its causes too. */
export function kindOfNetworkError(error: unknown): ErrorKind {
  if (error instanceof DeadlineExceeded) {
    return { kind: 'transient', found: error.message, remedy: checkNetwork };
  }
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof Failure) {
      return ownFailure(current);
    }
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    const proxy = /^EPROXY(?:_(\d{3}))?$/.exec(code);
    if (proxy !== null) {
      const kind = proxy[1] === undefined ? 'transient' : kindOfStatus(Number(proxy[1]));
      return {
        kind,
        found: current.message,
        remedy: 'check the proxy in HTTPS_PROXY or HTTP_PROXY, or except the store in NO_PROXY',
      };
    }
    if (code === InformationalAnswers.code) {
      return { kind: 'invalid', found: current.message, remedy: foreignAnswerRemedy };
    }
    if (code === ConnectTimeout.code) {
      return { kind: 'transient', found: current.message, remedy: checkNetwork };
    }
    const tls = tlsFault(code, current.message);
    if (tls !== undefined) {
      return { kind: 'invalid', ...tls };
    }
    const broken = connectionFault(code, current);
    if (broken !== undefined) {
      return broken;
    }
    if (code.startsWith('HPE_')) {
      const found = `what answers does not speak HTTP (${code}); is its endpoint one of https?`;
      return { kind: 'invalid', found, remedy: 'correct the scheme of the endpoint' };
    }
  }
  if (error instanceof BodyFault) {
    return { kind: 'transient', found: error.message };
  }
  return unknownFault(error);
}

/** A setting that is found to be wrong only when a request needs it, such as the address of a proxy: no repetition changes that. */
function ownFailure({ action, object, foundText, remedy }: Failure): ErrorKind {
  return {
    kind: 'invalid',
    found: `cannot ${action} ${object}: ${foundText}`,
    ...(remedy !== undefined && { remedy }),
  };
}

/** The text for faults of libraries. Their own words are kept with the cause, for the log at level debug. */
function unknownFault(error: unknown): ErrorKind {
  if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) {
    return { kind: 'invalid', found: 'its answer cannot be understood' };
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return { kind: 'transient', found: 'no answer came in time' };
  }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { kind: 'transient', found: `the request failed${/^[A-Z][A-Z0-9_]+$/.test(code) ? ` (${code})` : ''}` };
}

const checkNetwork = 'check the endpoint, and the network between this machine and it';
const checkWay = 'check the endpoint (http or https?), and what is on the way to the store';

/** Remedies are left out where the fault is this machine's own. */
const connectionFaults: Readonly<Record<string, readonly [found: string, remedy?: string]>> = {
  ECONNREFUSED: ['the connection is refused', 'check the endpoint and its port, and that the store is running'],
  ECONNRESET: ['the connection broke', checkWay],
  ECONNABORTED: ['the connection broke', checkWay],
  UND_ERR_SOCKET: ['the connection broke', checkWay],
  EPIPE: ['the connection broke', checkWay],
  ERR_STREAM_PREMATURE_CLOSE: ['the connection broke', checkWay],
  EPROTO: ['the connection broke', checkWay],
  ETIMEDOUT: ['the connection timed out', checkNetwork],
  ESOCKETTIMEDOUT: ['the connection timed out', checkNetwork],
  EHOSTUNREACH: ['the host cannot be reached', checkNetwork],
  ENETUNREACH: ['the network cannot be reached', checkNetwork],
  ENOTFOUND: ['the host name is unknown', 'check the endpoint, and the name service of this machine'],
  EAI_AGAIN: ['the host name cannot be looked up at the moment', 'check the name service of this machine'],
  EADDRNOTAVAIL: ['no connection can be made'],
  EMFILE: ['this process has too many files open'],
};

function connectionFault(code: string, error: Error): ErrorKind | undefined {
  const [words, remedy] = (Object.hasOwn(connectionFaults, code) ? connectionFaults[code] : undefined) ?? [];
  // The message names the host: the name may be made of bucket, region and endpoint.
  const name = 'hostname' in error && typeof error.hostname === 'string' ? ` ${error.hostname}` : '';
  const found = words?.replace(/^the host name/, `the host name${name}`);
  return found === undefined
    ? undefined
    : { kind: 'transient', found: `${found} (${code})`, ...(remedy === undefined ? {} : { remedy }) };
}
