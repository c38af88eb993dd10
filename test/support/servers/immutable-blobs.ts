import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type ForwardedAnswer, forwardRequest, lengthHeader } from './forward-request.ts';
import { listenOnLoopback } from './loopback-listener.ts';

/** A Blob Storage whose blobs may not be changed for a while. Disposing stops it. */
export interface ImmutableBlobs extends AsyncDisposable {
  /** What an endpoint override is set to. */
  readonly endpoint: string;
}

/**
 * A proxy in front of an Azurite, which knows no immutability policies. It adds what the service does with a locked one of so many ms:
 * listings show it, and blobs are neither deleted nor replaced before their time. Wire format: "List Blobs", "Blob service error
 * codes" and "Immutable storage" of the Azure Storage documentation.
 */
export async function startImmutableBlobs(
  azurite: { readonly endpoint: string },
  { retentionMs }: { readonly retentionMs: number },
): Promise<ImmutableBlobs> {
  const target = new URL(azurite.endpoint);
  const place = { target, retentionMs, lockedUntil: new Map<string, number>() };
  const server = createServer((message, response) => {
    serve(place, message, response).catch(() => response.destroy());
  });
  const { port, [Symbol.asyncDispose]: close } = await listenOnLoopback(server);
  return { endpoint: `http://127.0.0.1:${port}${target.pathname}`, [Symbol.asyncDispose]: close };
}

interface Place {
  readonly target: URL;
  readonly retentionMs: number;
  /** By the blob's path, ms since the epoch. */
  readonly lockedUntil: Map<string, number>;
}

async function serve(place: Place, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = await buffer(message);
  const { pathname, searchParams } = new URL(message.url ?? '/', place.target);
  const operation = `${message.method} ${searchParams.get('comp') ?? ''}`.trim();
  const changes = operation === 'PUT blocklist' || operation === 'DELETE';
  const locked = changes && (place.lockedUntil.get(pathname) ?? 0) > Date.now();
  const { status, headers, body } = locked ? refusal() : await forwardRequest(place.target.origin, message, sent);
  if (operation === 'PUT blocklist' && status === 201) {
    place.lockedUntil.set(pathname, Date.parse(String(headers['last-modified'])) + place.retentionMs);
  }
  const shown = operation === 'GET list' ? withPolicies(body, place.retentionMs) : body;
  response.writeHead(status, { ...headers, ...lengthHeader(message, shown) });
  response.end(shown);
}

function refusal(): ForwardedAnswer {
  const code = 'BlobImmutableDueToPolicy';
  const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code></Error>`);
  return { status: 409, headers: { 'content-type': 'application/xml', 'x-ms-error-code': code }, body };
}

function withPolicies(listing: Buffer, retentionMs: number): Buffer {
  const shown = listing.toString().replace(/<Last-Modified>([^<]*)<\/Last-Modified>/g, (property, modified: string) => {
    const until = new Date(Date.parse(modified) + retentionMs).toUTCString();
    const policy = `<ImmutabilityPolicyUntilDate>${until}</ImmutabilityPolicyUntilDate>`;
    return `${property}${policy}<ImmutabilityPolicyMode>locked</ImmutabilityPolicyMode>`;
  });
  return Buffer.from(shown);
}
