import { kindOfNetworkError } from './error-kind.ts';
import { describeProxy, type HttpProxy } from './proxy-rules.ts';

/**
 * A proxy could not be reached, or did not let a request through. Its text names the proxy, without user and password.
 * Its code is `EPROXY`, with the proxy's status where it answered (`EPROXY_407`): SDKs keep no more of an error than text and code.
 */
export class ProxyFault extends Error {
  readonly code: string;

  /** `reason` is the status it answered, or the error of the connection to it. */
  constructor(proxy: HttpProxy, reason: unknown) {
    const answered = typeof reason === 'number';
    super(`${describeProxy(proxy)} ${answered ? refusal(reason) : `fails: ${kindOfNetworkError(reason).found}`}`, {
      cause: answered ? undefined : reason,
    });
    this.name = 'ProxyFault';
    this.code = answered ? `EPROXY_${reason}` : 'EPROXY';
  }
}

function refusal(status: number): string {
  return status === 407 ? `answered ${status}: its URL needs the right user and password` : `answered ${status}`;
}
