import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What reached a {@link ScriptedLeader}. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A sidecar as another program may be one, at 127.0.0.2. */
export interface ScriptedLeader extends AsyncDisposable {
  readonly port: number;
  /** All but health checks. */
  readonly seen: SeenRequest[];
  health: RequestListener;
  snapshot: RequestListener;
}

/** Starts a leader that is healthy, and answers as the Go program does. */
export async function scriptedLeader(): Promise<ScriptedLeader> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer(async (request, response) => {
    if (request.url === '/healthz') {
      leader.health(request, response);
      return;
    }
    let body = '';
    for await (const piece of request.setEncoding('utf8')) {
      body += piece;
    }
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    leader.snapshot(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.2', resolve);
  });
  const leader: ScriptedLeader = {
    port: (server.address() as AddressInfo).port,
    seen,
    health: (_, response) => void response.end('{"health":true}'),
    snapshot: (_, response) => {
      response.setHeader('content-type', 'text/plain; charset=utf-8');
      response.end('null');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return leader;
}
