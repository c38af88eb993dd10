import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { SwiftBucket } from '../../../src/snapstore/providers/swift/swift-bucket.ts';
import { jumpingClock } from '../clock/jumping-clock.ts';
import type { AnswerScript } from '../servers/answer-script.ts';
import { playAnswers } from '../servers/answer-script.ts';
import { FaultDesk, sendScripted } from '../servers/http-fault.ts';
import { listenOnLoopback } from '../servers/loopback-listener.ts';

/** A container on a loopback server that answers as Keystone and Swift do, or as a script says. */
export interface ScriptedSwift extends AsyncDisposable {
  readonly bucket: SwiftBucket;
  readonly endpoint: string;
  readonly calls: ReadonlyMap<string, number>;
  readonly objects: Map<string, Buffer>;
}

/** Starts the server. Operations: `login`, `list`, `read`, `head`, `write`, `delete`. Retries come at once. */
export async function startScriptedSwift(script: AnswerScript): Promise<ScriptedSwift> {
  const objects = new Map<string, Buffer>();
  const desk = new FaultDesk();
  desk.hook = playAnswers(script);
  const server = createServer((request, response) => void serve(request, response));
  const listener = await listenOnLoopback(server);
  const endpoint = `http://127.0.0.1:${listener.port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const url = new URL(request.url ?? '/', endpoint);
    const key = decodeURIComponent(/^\/v1\/account\/backups\/(.+)$/.exec(url.pathname)?.[1] ?? '');
    const operation = operationOf(request.method ?? '', url.pathname, key);
    const fault = desk.enter(operation, key);
    if (fault?.kind === 'answer') {
      sendScripted(response, fault.answer);
      return;
    }
    perform(operation, { key, body, url }, response);
  }

  function perform(
    operation: string,
    { key, body, url }: { readonly key: string; readonly body: Buffer; readonly url: URL },
    response: ServerResponse,
  ): void {
    const headers = { 'x-trans-id': 'tx1' };
    const found = objects.get(key);
    switch (operation) {
      case 'login':
        response.writeHead(201, { 'x-subject-token': 'token' }).end(JSON.stringify(tokenFor(endpoint)));
        return;
      case 'list':
        response.writeHead(200, headers).end(JSON.stringify(pageOf(objects, url)));
        return;
      case 'write':
        objects.set(key, body);
        response.writeHead(201, { ...headers, etag: md5(body) }).end();
        return;
      case 'delete':
        response.writeHead(objects.delete(key) ? 204 : 404, headers).end();
        return;
      default:
        if (found === undefined) {
          response.writeHead(404, headers).end();
        } else {
          response.writeHead(200, { ...headers, etag: md5(found), 'content-length': found.length });
          response.end(operation === 'head' ? undefined : found);
        }
    }
  }

  const identity = { kind: 'password', username: 'u', password: 'p', tenantName: 't', domainName: 'd' } as const;
  const credentials = { authURL: endpoint, region: 'r', identity };
  const bucket = new SwiftBucket({ container: 'backups', credentials, clock: jumpingClock() });
  return {
    bucket,
    endpoint,
    calls: desk.calls,
    objects,
    [Symbol.asyncDispose]: async () => {
      await bucket[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

function operationOf(method: string, path: string, key: string): string {
  if (path.endsWith('/auth/tokens')) {
    return 'login';
  }
  if (key === '') {
    return 'list';
  }
  return { HEAD: 'head', PUT: 'write', DELETE: 'delete' }[method] ?? 'read';
}

function pageOf(objects: ReadonlyMap<string, Buffer>, { searchParams }: URL): readonly object[] {
  const [prefix, marker] = [searchParams.get('prefix') ?? '', searchParams.get('marker') ?? ''];
  return [...objects]
    .filter(([name]) => name.startsWith(prefix) && name > marker)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, body]) => ({
      name,
      bytes: body.length,
      hash: md5(body),
      last_modified: '2026-01-01T00:00:00.000000',
    }));
}

function tokenFor(endpoint: string): object {
  const place = { interface: 'public', url: `${endpoint}/v1/account`, region: 'r' };
  const catalog = [{ type: 'object-store', endpoints: [place] }];
  return { token: { issued_at: '2026-01-01T00:00:00Z', expires_at: '2026-01-02T00:00:00Z', catalog } };
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
