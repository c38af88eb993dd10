import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { KeyPair } from '../../../scripts/lab/certificates.ts';
import { forwardRequest, lengthHeader } from './forward-request.ts';
import { corrupted, FaultDesk, type FaultHook, type HttpFault, sendBody } from './http-fault.ts';
import { listenOnLoopback } from './loopback-listener.ts';

/** A proxy in front of a real store that breaks connections and bytes. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `https://` where it was given a certificate. */
  readonly endpoint: string;
  /**
   * How often each operation was called. Its name is the method and what distinguishes the provider's operations: the names of the
   * query's parameters, such as `PUT partNumber uploadId`.
   */
  readonly calls: ReadonlyMap<string, number>;
  /** Sets what goes wrong from now on; the key of a call is its path. */
  fault(hook: FaultHook): void;
  /** Connections of clients that are open. */
  readonly connections: ReadonlySet<Socket>;
}

/**
 * Starts a proxy on a free port in front of `target`, `http://HOST:PORT`, or in front of what listens there later.
 * Requests keep their Host header, which may be signed.
 */
export async function startFaultProxy(
  target: string | (() => string),
  { tls }: { readonly tls?: KeyPair } = {},
): Promise<FaultProxy> {
  const desk = new FaultDesk();
  const connections = new Set<Socket>();
  const handle = (message: IncomingMessage, response: ServerResponse): void => {
    serve({ target: typeof target === 'string' ? target : target(), desk }, message, response).catch(() =>
      response.destroy(),
    );
  };
  const server =
    tls === undefined
      ? createServer(handle)
      : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, handle);
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const { port, [Symbol.asyncDispose]: close } = await listenOnLoopback(server);
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    calls: desk.calls,
    connections,
    fault: (hook) => {
      desk.hook = hook;
    },
    [Symbol.asyncDispose]: close,
  };
}

async function serve(
  { target, desk }: { readonly target: string; readonly desk: FaultDesk },
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const sent = await buffer(message);
  const url = new URL(message.url ?? '/', target);
  const fault = desk.enter(operationOf(message, url), url.pathname);
  switch (fault?.kind) {
    case 'reset':
      message.socket.resetAndDestroy();
      return;
    case 'stall':
      return;
    case 'status':
      refuse(response, fault);
      return;
    case 'delay':
      await new Promise((resolve) => {
        setTimeout(resolve, fault.ms).unref();
      });
      break;
    default:
  }
  const { status, headers, body } = await forwardRequest(
    url.origin,
    message,
    fault?.kind === 'corrupt' ? corrupted(sent) : sent,
  );
  if (fault?.kind === 'lose answer') {
    message.socket.resetAndDestroy();
    return;
  }
  response.writeHead(status, { ...headers, ...lengthHeader(message, body) });
  await sendBody(response, body, { fault });
}

function operationOf(message: IncomingMessage, url: URL): string {
  const names = [...new Set(url.searchParams.keys())].filter((name) => name !== 'x-id').toSorted();
  return [message.method, ...names].join(' ');
}

/** What load balancers send, who know nothing of the store's own errors. */
function refuse(response: ServerResponse, { status, retryAfter }: Extract<HttpFault, { kind: 'status' }>): void {
  const page = Buffer.from(`<html><body><h1>${status}</h1></body></html>\n`);
  response.writeHead(status, {
    'content-type': 'text/html',
    'content-length': String(page.length),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : page);
}
