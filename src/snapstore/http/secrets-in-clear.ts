import { Failure } from '../../runtime/failure.ts';
import { isLoopback } from '../../runtime/loopback.ts';

/** Whether what is sent to a URL can be read on the way: it has no TLS, and it leaves this machine. */
export function isReadable(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && parsed.protocol === 'http:' && !isLoopback(parsed.hostname);
}

/**
 * Refuses an endpoint to which a secret would travel in clear. A secret that only signs requests does not travel. `secret` is what
 * travels, as in `the customer key`; `origin` is where the endpoint was written. Throws a Failure `endpoint_invalid`.
 */
export function refuseInClear(endpoint: string, { origin, secret }: { origin: string; secret: string }): void {
  if (isReadable(endpoint)) {
    throw new Failure({
      code: 'endpoint_invalid',
      action: 'use the endpoint in',
      object: origin,
      found: `it begins with http://, and ${secret} would travel in clear`,
      remedy: 'write https://',
    });
  }
}
