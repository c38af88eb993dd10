import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpHeaders, HttpOperationResponse, RequestPolicy, WebResource } from '@azure/storage-blob';
import { limits } from '../../../runtime/limits.ts';
import { boundedText } from '../../http/bounded-text.ts';
import { HttpConnections } from '../../http/http-connections.ts';
import type { StoreNetwork } from '../../http/store-network.ts';

/** Carries the SDK's requests: its own transport reads answers to their ends, however long they are, and they belong to no bucket. */
export class AbsTransport implements RequestPolicy {
  readonly #connections: HttpConnections;

  constructor(network: StoreNetwork) {
    this.#connections = new HttpConnections(network);
  }

  /** What the SDK calls. */
  async sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    const { url, method } = request;
    const body: Readable | Buffer | string | undefined =
      typeof request.body === 'function' ? request.body() : (request.body ?? undefined);
    const signal = signalLike(request.abortSignal);
    const sent = request.headers.toJson({ preserveCase: true });
    const response = await this.#connections.send({ url, method, headers: sent, body, signal });
    const status = response.statusCode ?? 0;
    const headers = headersLike(request.headers, response.headers);
    if (method === 'HEAD') {
      response.resume();
      return { request, status, headers };
    }
    if (request.streamResponseStatusCodes?.has(status) === true) {
      return { request, status, headers, readableStreamBody: response };
    }
    const bodyAsText = await boundedText(response, status < 300 ? limits.storeAnswer.most : limits.storeRefusal.most);
    return { request, status, headers, bodyAsText };
  }

  /** Ends all connections. */
  close(): void {
    this.#connections.close();
  }
}

/** Headers of an answer in the SDK's own class, of which `example` is one. */
function headersLike(example: HttpHeaders, answer: IncomingHttpHeaders): HttpHeaders {
  const headers = example.clone();
  for (const name of headers.headerNames()) {
    headers.remove(name);
  }
  for (const [name, value] of Object.entries(answer)) {
    if (value !== undefined) {
      headers.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
  }
  return headers;
}

/** The signal of a request, which the SDK may have wrapped. */
function signalLike(given: WebResource['abortSignal']): AbortSignal {
  if (given === undefined || given instanceof AbortSignal) {
    return given ?? new AbortController().signal;
  }
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  given.addEventListener('abort', abort);
  if (given.aborted) {
    abort();
  }
  return controller.signal;
}
