import { acceptsGzip } from './accepts-gzip.ts';
import type { Coding } from './metrics-page.ts';

/** A GET without a body, of a client that is no browser and goes on with its connection. */
export interface PlainRequest {
  /** Bytes. */
  readonly length: number;
  readonly path: string;
  /** What the client prefers. */
  readonly coding: Coding;
  readonly authorization: string | undefined;
}

/** Heads of probes and scrapers have some hundred bytes; longer ones are left to Node, which knows their limit. */
const longest = 2 * 1024;

const emptyLine = Buffer.from('\r\n\r\n');

/** A request of the simplest form. */
const simplest = /^GET (\/[!-~]*) HTTP\/1\.1\r\n((?:[A-Za-z-]+:[\t -~]*\r\n)+)\r\n$/;

/** Names and IPv4 addresses, with or without a port, that a URL has just so: what the library would not refuse. */
const plainHost =
  /^(?:(?:[a-z\d]+(?:-[a-z\d]+)*\.)*[a-z][a-z\d]*(?:-[a-z\d]+)*|(?:(?:[1-9]?|1\d|2[0-4])\d(?:\.(?!$|:)|(?=$|:))){4})(?::(?:[1-5]?\d{1,4}))?$/i;

/** Whether a Host header is a plain name or address. */
export function isPlainHost(host: string | undefined): boolean {
  return plainHost.test(host ?? '');
}

/** Heads that are remembered: the same few clients send the same all the time. */
const mostRemembered = 32;

/**
 * Finds plain requests. It judges nothing: what is anything else, or no HTTP at all, is for Node's own parser. Only headers are known that
 * change nothing, or whose value is given; each comes once at most.
 */
export class PlainRequests {
  readonly #remembered = new Map<string, PlainRequest>();

  /** The plain request that `bytes` begin with; undefined where they begin with anything else. */
  in(bytes: Buffer): PlainRequest | undefined {
    // Nearly always they are one request, and one that was there before.
    const alone = bytes.length > longest ? undefined : this.#remembered.get(bytes.toString('latin1'));
    if (alone !== undefined) {
      return alone;
    }
    const end = bytes.indexOf(emptyLine);
    if (end < 0 || end > longest) {
      return undefined;
    }
    const head = bytes.toString('latin1', 0, end + emptyLine.length);
    const known = this.#remembered.get(head);
    if (known !== undefined) {
      return known;
    }
    const request = plainRequestOf(head);
    // Secrets are not kept.
    if (request !== undefined && request.authorization === undefined) {
      this.#remember(head, request);
    }
    return request;
  }

  #remember(head: string, request: PlainRequest): void {
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size === mostRemembered) {
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(head, request);
  }
}

function plainRequestOf(head: string): PlainRequest | undefined {
  const [, path, lines] = simplest.exec(head) ?? [];
  if (path === undefined || lines === undefined) {
    return undefined;
  }
  const headers: { [name in KnownHeader]?: string } = {};
  for (let at = 0; at < lines.length; ) {
    const colon = lines.indexOf(':', at);
    const lineEnd = lines.indexOf('\r\n', colon);
    const name = lines.slice(at, colon).toLowerCase();
    if (!isKnown(name) || headers[name] !== undefined) {
      return undefined;
    }
    headers[name] = lines.slice(colon + 1, lineEnd).trim();
    at = lineEnd + 2;
  }
  const changesNothing =
    isPlainHost(headers.host) &&
    headers['user-agent']?.startsWith('Mozilla/') !== true &&
    (headers.connection ?? 'keep-alive').toLowerCase() === 'keep-alive';
  return changesNothing
    ? {
        length: head.length,
        path,
        coding: acceptsGzip(headers['accept-encoding']) ? 'gzip' : 'identity',
        authorization: headers.authorization,
      }
    : undefined;
}

/** What probes and scrapers send. */
const knownHeaders = {
  host: true,
  'user-agent': true,
  accept: true,
  'accept-encoding': true,
  authorization: true,
  connection: true,
  'x-prometheus-scrape-timeout-seconds': true,
} as const;

type KnownHeader = keyof typeof knownHeaders;

function isKnown(name: string): name is KnownHeader {
  return Object.hasOwn(knownHeaders, name);
}
