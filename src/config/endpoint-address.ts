import type { ParseResult } from './parse-result.ts';

/** A client address of etcd, as far as it was written down. */
export interface EndpointAddress {
  /** Undefined for a bare `host:port`. */
  readonly scheme: 'http' | 'https' | undefined;
  /** In small letters, an IPv6 address in its short form and brackets. */
  readonly host: string;
  readonly port: number;
}

/** The port of etcd's clients. */
const defaultPort = 2379;

/** Reads `http://host:port`, `https://host` or `host:port`. What is wrong is said without the text, which may hold a password. */
export function readEndpoint(text: string): ParseResult<EndpointAddress> {
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  const url = URL.parse(scheme === undefined ? `http://${text}` : text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    return { wrong: 'it is not an http or https address' };
  }
  if (url.username !== '' || url.password !== '') {
    return { wrong: 'it holds a user name, which belongs into --etcd-username' };
  }
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    return { wrong: 'something follows host and port' };
  }
  if (!/^\w[\w.-]*$|^\[/.test(url.hostname)) {
    return { wrong: 'its host is no name and no address' };
  }
  const written = /:(\d+)\/?$/.exec(text)?.[1];
  return {
    value: {
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      host: url.hostname,
      // URL drops the port of its scheme (80, 443), though it was written.
      port: url.port !== '' ? Number(url.port) : written === undefined ? defaultPort : Number(written),
    },
  };
}
