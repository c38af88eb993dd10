import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { Failure } from '../runtime/failure.ts';
import { limits } from '../runtime/limits.ts';
import type { ApiAnswer, ApiRequest, ApiServer } from './api-server.ts';

/** How an account shows who it is, and whom it trusts. */
export interface ApiCredentials {
  /** PEM of the authorities that the server's certificate must come from; the system's when left out. */
  readonly ca?: string | Buffer | undefined;
  /** PEM of a client certificate and its key. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Whether any certificate is taken, as a kubeconfig may ask for. */
  readonly anyCertificate?: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** Connections kept to a server: a lease is read, then written. */
const connections = 4;

/** An API server at a URL. `credentials` is asked before each request, as tokens and authorities rotate. */
export class HttpsApiServer implements ApiServer {
  readonly location: string;
  readonly #url: URL;
  readonly #credentials: () => Promise<ApiCredentials>;
  #agent: { readonly agent: HttpAgent; readonly identity: string } | undefined;

  constructor(url: URL, credentials: () => Promise<ApiCredentials>) {
    this.#url = url;
    this.location = url.origin;
    this.#credentials = credentials;
  }

  async request({ method, path, mergePatch, signal }: ApiRequest): Promise<ApiAnswer> {
    const credentials = await this.#credentials();
    const body = mergePatch === undefined ? undefined : JSON.stringify(mergePatch);
    const headers = {
      accept: 'application/json',
      ...credentials.headers,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/merge-patch+json', 'content-length': String(Buffer.byteLength(body)) }),
    };
    const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
    const base = this.#url.pathname.replace(/\/$/, '');
    try {
      const answered = Promise.withResolvers<IncomingMessage>();
      const sent = send(
        new URL(`${base}${path}`, this.#url),
        { method, headers, signal, agent: this.#agentFor(credentials) },
        answered.resolve,
      );
      sent.on('error', answered.reject);
      // Where the server goes on with another protocol, Node ends the connection and tells of no error.
      sent.once('close', () => answered.reject(new Error('the connection ended without an answer')));
      sent.end(body);
      const response = await answered.promise;
      return { status: response.statusCode ?? 0, body: parsed(await boundedBody(response)) };
    } catch (cause) {
      signal.throwIfAborted();
      throw new Failure({
        code: 'kube_unreachable',
        action: 'ask',
        object: `the Kubernetes API server ${this.location}`,
        found: `no answer came (${codeOf(cause)})`,
        remedy: 'check the network, and the account of the pod',
        cause,
      });
    }
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  /** Connections belong to one identity: with rotated certificates new ones are made. */
  #agentFor({ ca, cert, key, anyCertificate }: ApiCredentials): HttpAgent {
    const identity = [ca, cert, key, anyCertificate].map(String).join('\n');
    if (this.#agent?.identity !== identity) {
      this[Symbol.dispose]();
      const options: AgentOptions = { keepAlive: true, maxSockets: connections };
      const agent =
        this.#url.protocol === 'https:'
          ? new HttpsAgent({
              ...options,
              ...(ca === undefined ? {} : { ca }),
              ...(cert === undefined ? {} : { cert }),
              ...(key === undefined ? {} : { key }),
              rejectUnauthorized: anyCertificate !== true,
            })
          : new HttpAgent(options);
      this.#agent = { agent, identity };
    }
    return this.#agent.agent;
  }
}

/** The whole body. Throws when it is longer than an object of Kubernetes can be. */
async function boundedBody(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size > limits.apiServerBody.most) {
      throw new Error('the answer is too long');
    }
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A code such as ECONNREFUSED; the words of a library do not help the reader. */
function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z][A-Z\d_]{2,60}$/.test(code) ? code : 'the connection failed';
}
