import type { StoreErrorKind } from '../store-error.ts';
import { BodyFault } from './body-fault.ts';
import { DeadlineExceeded } from './request-deadline.ts';

/** What an error means, and how it reads in a message. */
export interface ErrorKind {
  readonly kind: StoreErrorKind;
  readonly found: string;
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
    return { kind: 'transient', found: error.message };
  }
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    const proxy = /^EPROXY(?:_(\d{3}))?$/.exec(code);
    if (proxy !== null) {
      const kind = proxy[1] === undefined ? 'transient' : kindOfStatus(Number(proxy[1]));
      return { kind, found: current.message };
    }
    if (isNoTls(code, current.message)) {
      return { kind: 'invalid', found: `what answers does not speak TLS (${code}); is its endpoint one of http?` };
    }
    const found = connectionFaults[code];
    if (found !== undefined) {
      return { kind: 'transient', found: `${found} (${code})` };
    }
    if (code.startsWith('HPE_')) {
      return { kind: 'invalid', found: `what answers does not speak HTTP (${code}); is its endpoint one of https?` };
    }
    if (isCertificateFault(code)) {
      return { kind: 'invalid', found: `the server's certificate is not accepted (${code})` };
    }
  }
  if (error instanceof BodyFault) {
    return { kind: 'transient', found: error.message };
  }
  return unknownFault(error);
}

/** Faults of libraries that have no words of ours. Their own words are kept with the cause, for the log at level debug. */
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

/** What OpenSSL says when the other side sends something else than TLS. */
function isNoTls(code: string, message: string): boolean {
  return (
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|BAD_RECORD_TYPE)$/.test(
      code,
    ) ||
    (code === 'EPROTO' && /wrong version number|packet length too long|http request/i.test(message))
  );
}

const connectionFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection broke',
  ECONNABORTED: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  EPIPE: 'the connection broke',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection broke',
  ETIMEDOUT: 'the connection timed out',
  ESOCKETTIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is unknown',
  EPROTO: 'the connection broke',
  EADDRNOTAVAIL: 'no connection can be made',
  EMFILE: 'this process has too many files open',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
};

/** The codes of OpenSSL's verification errors and of Node's own TLS checks. */
function isCertificateFault(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^CRL_|^ERR_TLS_|^ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH/.test(
    code,
  );
}
