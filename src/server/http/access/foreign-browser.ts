import { isIP } from 'node:net';
import { isLoopback } from '../../../runtime/loopback.ts';
import type { Exchange } from '../exchange.ts';

/** What a request is for: something that changes or costs much, or something that is only read. */
export type Purpose = 'changes' | 'reads';

/**
 * Why a request is refused that a browser may have sent for a page of another site; undefined for every other request. Browsers say in
 * Sec-Fetch-Site (Fetch Metadata) and Origin (RFC 6454) where a request comes from, except for the GET of a link or an image over plain
 * HTTP: there a browser shows by its User-Agent alone. What is no browser is not concerned: the callers of the Go program change things by
 * GET.
 */
export function foreignBrowser(
  { incoming }: Exchange,
  { purpose, isSecret }: { readonly purpose: Purpose; readonly isSecret: boolean },
): string | undefined {
  const { headers } = incoming;
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const host = headers.host ?? textOf(headers[':authority']) ?? '';
  const showsItself = site !== undefined || origin !== undefined || isBrowser(headers['user-agent']);
  // A script may take another User-Agent for its own site, but cannot leave out the language.
  const isLed = showsItself || headers['accept-language'] !== undefined;
  // A name of others that was made to lead to this machine (DNS rebinding) has the same origin as itself; a token keeps it out.
  if (isLed && !isSecret && isLoopback(addressOf(incoming.socket?.localAddress)) && !isOfThisMachine(host)) {
    return 'a browser that reaches this machine at localhost must name it so';
  }
  if (!showsItself) {
    return undefined;
  }
  if (purpose === 'reads') {
    return undefined;
  }
  if (site !== undefined) {
    return site === 'same-origin' ? undefined : foreign;
  }
  return origin !== undefined && hostOf(origin) === host.toLowerCase() ? undefined : foreign;
}

const foreign = 'a browser may do this only from the page of this server, at /';

/** Every browser begins so; PowerShell does too. */
function isBrowser(agent: string | undefined): boolean {
  return agent?.startsWith('Mozilla/') === true && !agent.includes('PowerShell');
}

/** An IPv4 address that came over an IPv6 socket, as such. */
function addressOf(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/i, '');
}

/** Whether a Host header names an address, or this machine. */
function isOfThisMachine(host: string): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || isLoopback(name);
}

/** Host and port of an origin; undefined for `null` and what is none. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
