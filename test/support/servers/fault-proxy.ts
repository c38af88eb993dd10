import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { KeyPair } from '../../../scripts/lab/certificates.ts';
import { forwardRequest, lengthHeader } from './forward-request.ts';
import { corrupted, FaultDesk, type FaultHook, type HttpFault, sendBody, sendScripted } from './http-fault.ts';
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

/** How a proxy is set up. */
export interface FaultProxyOptions {
  readonly tls?: KeyPair;
  /** Names the operation of a request; left out, as {@link FaultProxy.calls} says. */
  readonly nameOf?: (method: string, url: URL) => string;
}

/**
 * Starts a proxy on a free port in front of `target`, `http://HOST:PORT`, or in front of what listens there later.
 * Requests keep their Host header, which may be signed.
 */
export async function startFaultProxy(
  target: string | (() => string),
  { tls, nameOf = operationOf }: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const desk = new FaultDesk();
  const connections = new Set<Socket>();
  const handle = (message: IncomingMessage, response: ServerResponse): void => {
    serve({ target: typeof target === 'string' ? target : target(), desk, nameOf }, message, response).catch(() =>
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
  {
    target,
    desk,
    nameOf,
  }: {
    readonly target: string;
    readonly desk: FaultDesk;
    readonly nameOf: (method: string, url: URL) => string;
  },
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const sent = await buffer(message);
  const url = new URL(message.url ?? '/', target);
  const fault = desk.enter(nameOf(message.method ?? '', url), url.pathname);
  switch (fault?.kind) {
    case 'reset':
      message.socket.resetAndDestroy();
      return;
    case 'stall':
      return;
    case 'status':
      refuse(response, fault);
      return;
    case 'answer':
      if (fault.answer.performed !== true) {
        sendScripted(response, fault.answer);
        return;
      }
      break;
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
  const whole = { ...headers, ...lengthHeader(message, body) };
  if (fault?.kind === 'answer') {
    sendScripted(response, fault.answer, { status, headers: whole, body });
    return;
  }
  response.writeHead(status, whole);
  await sendBody(response, body, { fault });
}

function operationOf(method: string, url: URL): string {
  const names = [...new Set(url.searchParams.keys())].filter((name) => name !== 'x-id').toSorted();
  return [method, ...names].join(' ');
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
