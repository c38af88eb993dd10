import { isIP } from 'node:net';
import { EtcdFailure } from '../etcd-failure.ts';

/** The client address of one member. */
export interface EtcdEndpoint {
  /** As messages show it: `https://host:port`. */
  readonly url: string;
  readonly secure: boolean;
  /** Name or address, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

const defaultPort = 2379;

/**
 * Reads a client URL. A bare `host:port` counts as https when `assumeSecure` says so, otherwise as http.
 * Throws an {@link EtcdFailure} `etcd_options` when it is no such URL.
 */
export function parseEndpoint(text: string, options: { readonly assumeSecure: boolean }): EtcdEndpoint {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `${options.assumeSecure ? 'https' : 'http'}://${text}`;
  const parsed = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') || parsed.hostname === '') {
    throw new EtcdFailure({
      code: 'etcd_options',
      action: 'use the endpoint',
      object: JSON.stringify(text),
      found: 'it is no http or https URL',
      remedy: 'write --endpoints like https://etcd-0.example.com:2379',
    });
  }
  const secure = parsed.protocol === 'https:';
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = portOf(withScheme, parsed);
  return { url: `${secure ? 'https' : 'http'}://${hostAndPort(host, port)}`, secure, host, port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function hostAndPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** URL drops a port that is its scheme's default (80, 443), although it was written and means that port. */
function portOf(text: string, parsed: URL): number {
  if (parsed.port !== '') {
    return Number(parsed.port);
  }
  const written = /:(\d+)\/?$/.exec(text)?.[1];
  return written === undefined ? defaultPort : Number(written);
}
