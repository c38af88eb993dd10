import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Bandwidth } from './bandwidth.ts';
import { corrupted, FaultDesk, type FaultHook, type HttpFault, sendBody, sendScripted } from './http-fault.ts';
import { listenOnLoopback } from './loopback-listener.ts';

/** A request, read and sorted out. */
export interface StoreRequest {
  /** The operation's name, such as `PutObject`; what faults are asked for by. */
  readonly operation: string;
  readonly bucket: string;
  /** Object key, or empty for a request about the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** As it came. */
  readonly sent: Buffer;
  /** What is worked with: as it came, or, after all checks of what came, with one bit wrong. */
  readonly body: Buffer;
  readonly message: IncomingMessage;
}

/** What is answered. */
export interface StoreAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** A store's protocol. */
export interface StoreProtocol {
  /** Names the operation and what it is about. */
  readonly sortOut: (message: IncomingMessage, url: URL) => Pick<StoreRequest, 'operation' | 'bucket' | 'key'>;
  /** Takes the body of a request in; all of it is kept when left out. */
  readonly takeIn?: (message: IncomingMessage, sorted: Pick<StoreRequest, 'operation'>) => Promise<Buffer>;
  /** How fast bodies are sent; as fast as they go when left out. */
  readonly pace?: Bandwidth | undefined;
  /** Does it. Throws for a refusal. */
  readonly perform: (request: StoreRequest) => StoreAnswer;
  /** Turns what `perform` threw, or the error the test asked for, into an answer. */
  readonly refuse: (error: unknown, request: StoreRequest) => StoreAnswer;
  /** The error of a `status` fault. */
  readonly faulty: (fault: Extract<HttpFault, { kind: 'status' }>) => Error;
}

/** A store that listens on a port of 127.0.0.1. */
export interface StoreListener extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** How often each operation was called. */
  readonly calls: ReadonlyMap<string, number>;
  /** Bytes of bodies that were sent so far, as they should be. */
  sentBytes(): number;
  /** Sets what goes wrong from now on. */
  fault(hook: FaultHook): void;
  /** Connections that are open. */
  connections(): Promise<number>;
}

/** Listens on a free port and serves the protocol, with the faults a test asks for. */
export async function listenAsStore(protocol: StoreProtocol): Promise<StoreListener> {
  const desk = new FaultDesk();
  const sent = { bytes: 0 };
  const server = createServer((message, response) => {
    serve({ protocol, desk, sent }, message, response).catch(() => response.destroy());
  });
  // A connection that is closed for being idle may be closed while a request is on its way.
  server.keepAliveTimeout = 0;
  const { port, [Symbol.asyncDispose]: close } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls: desk.calls,
    sentBytes: () => sent.bytes,
    fault: (hook) => {
      desk.hook = hook;
    },
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    [Symbol.asyncDispose]: close,
  };
}

async function serve(
  {
    protocol,
    desk,
    sent,
  }: { readonly protocol: StoreProtocol; readonly desk: FaultDesk; readonly sent: { bytes: number } },
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://store');
  const sorted = protocol.sortOut(message, url);
  const body = await (protocol.takeIn?.(message, sorted) ?? buffer(message));
  const fault = desk.enter(sorted.operation, sorted.key);
  if (fault?.kind === 'reset') {
    response.destroy();
    return;
  }
  if (fault?.kind === 'stall') {
    return;
  }
  if (fault?.kind === 'answer' && fault.answer.performed !== true) {
    sendScripted(response, fault.answer);
    return;
  }
  const request = {
    ...sorted,
    query: url.searchParams,
    headers: message.headers,
    message,
    sent: body,
    body: fault?.kind === 'corrupt' ? corrupted(body) : body,
  };
  const answer = answerTo(protocol, request, fault);
  if (fault?.kind === 'lose answer') {
    response.destroy();
    return;
  }
  if (fault?.kind === 'delay') {
    await new Promise((resolve) => {
      setTimeout(resolve, fault.ms).unref();
    });
  }
  const stored = answer.body ?? Buffer.alloc(0);
  sent.bytes += message.method === 'HEAD' ? 0 : stored.length;
  const bytes = fault?.kind === 'corrupt' && message.method === 'GET' ? corrupted(stored) : stored;
  if (fault?.kind === 'answer') {
    const headers = { 'content-length': String(bytes.length), ...answer.headers };
    sendScripted(response, fault.answer, { status: answer.status, headers, body: bytes });
    return;
  }
  response.writeHead(answer.status, {
    'content-length': String(bytes.length),
    ...(fault?.kind === 'status' && fault.retryAfter !== undefined ? { 'retry-after': String(fault.retryAfter) } : {}),
    ...answer.headers,
  });
  await sendBody(response, message.method === 'HEAD' ? Buffer.alloc(0) : bytes, { fault, pace: protocol.pace });
}

function answerTo(protocol: StoreProtocol, request: StoreRequest, fault: HttpFault | undefined): StoreAnswer {
  try {
    if (fault?.kind === 'status') {
      throw protocol.faulty(fault);
    }
    return protocol.perform(request);
  } catch (error) {
    return protocol.refuse(error, request);
  }
}
