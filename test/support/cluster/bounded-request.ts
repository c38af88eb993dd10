import { readFileSync } from 'node:fs';
import { type Agent, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

/** PEM files with which a client presents itself. */
export interface ClientFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A request and its bound. */
export interface BoundedRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly timeoutMs: number;
  /** For https; read for each request. */
  readonly files: ClientFiles | undefined;
  /** Default: a connection of its own. */
  readonly agent?: Agent;
}

/** Asks, and gives the whole answer; rejects when it does not come in time. */
export async function boundedRequest(
  options: BoundedRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  const { url, method, body, timeoutMs, files, agent } = options;
  const settings = {
    method,
    agent: agent ?? false,
    signal: AbortSignal.timeout(timeoutMs),
    ...(files === undefined
      ? {}
      : { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const request = (url.protocol === 'http:' ? plainRequest : tlsRequest)(url, settings);
  request.once('error', reject);
  request.once('response', (response) => {
    text(response).then((whole) => resolve({ status: response.statusCode ?? 0, body: whole }), reject);
  });
  request.end(body);
  return await promise;
}
