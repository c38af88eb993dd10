import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { EtcdConnectionOptions } from './cluster.ts';
import { loadTransportSecurity } from './connection/transport-security.ts';

/** A member of a cluster as etcd lists it to peers. */
export interface PeerMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** What answers at a peer URL. */
export type PeerAnswer =
  | { readonly kind: 'members'; readonly members: readonly PeerMember[] }
  /** Something answers, and does not say, such as a server that wants another certificate. */
  | { readonly kind: 'no list' }
  | { readonly kind: 'silent' };

/** Bytes of the longest answer that is read. */
const MOST_BYTES = 1024 * 1024;

/**
 * Asks an etcd at its peer URL (`http` or `https`) for its members. It answers without a login, and also while its cluster has no quorum.
 * Certificates are shown and not checked: nothing secret is sent, and a false answer only makes the caller more careful. Source: etcd,
 * server/etcdserver/api/etcdhttp/peer.go.
 */
export async function askPeer(
  url: string,
  options: {
    readonly tls?: Pick<EtcdConnectionOptions, 'caFile' | 'certFile' | 'keyFile' | 'insecureSkipVerify'>;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<PeerAnswer> {
  const identity = options.tls === undefined ? undefined : (await loadTransportSecurity(options.tls)).identity;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  const settings = { agent: false, signal } as const;
  const target = `${url}/members`;
  const send = url.startsWith('https:')
    ? (): ClientRequest => httpsRequest(target, { ...settings, ...identity, rejectUnauthorized: false })
    : (): ClientRequest => httpRequest(target, settings);
  let connected = false;
  try {
    const text = await answerTo(send(), () => {
      connected = true;
    });
    const members = text === undefined ? undefined : parseMembers(text);
    return members === undefined ? { kind: 'no list' } : { kind: 'members', members };
  } catch {
    options.signal.throwIfAborted();
    return { kind: connected ? 'no list' : 'silent' };
  }
}

/** The body of an answer 200; undefined for any other answer. */
async function answerTo(request: ClientRequest, onConnected: () => void): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('socket', (socket) => socket.once('connect', onConnected));
  request.once('response', resolve);
  request.once('error', reject);
  // Where it goes on with another protocol, Node ends the connection and tells of no error.
  request.once('close', () => reject(new Error('the connection ended without an answer')));
  request.end();
  const response = await promise;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MOST_BYTES) {
      response.destroy();
      return undefined;
    }
    pieces.push(piece);
  }
  return response.statusCode === 200 ? Buffer.concat(pieces).toString('utf8') : undefined;
}

/** Undefined when the text is no list of members. */
function parseMembers(text: string): readonly PeerMember[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) {
    return undefined;
  }
  return parsed.map((member: unknown) => ({
    name: stringsIn(member, 'name')[0] ?? '',
    peerUrls: stringsIn(member, 'peerURLs'),
    clientUrls: stringsIn(member, 'clientURLs'),
  }));
}

function stringsIn(holder: unknown, field: string): readonly string[] {
  const value: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, field) : undefined;
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
}
