import type { IncomingMessage } from 'node:http';
import { Agent, request as send } from 'node:https';

/** An object of Kubernetes, or anything else that its API server answers. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

/** What an API server answered. */
export interface KubeAnswer {
  readonly status: number;
  readonly body: KubeObject;
  /** Of the header Warning: deprecated versions, policies that are not met. */
  readonly warnings: readonly string[];
}

/** A change that a watch reports; one that ends it has the type ERROR and a Status as its object. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

interface RequestOptions {
  readonly body?: unknown;
  readonly type?: 'application/json' | 'application/apply-patch+yaml' | 'application/merge-patch+json';
  readonly signal?: AbortSignal;
}

/** Where an API server is, and who asks it. */
export interface KubeAccount {
  readonly url: URL;
  /** PEM of its authority. */
  readonly ca: string;
  readonly token: string;
}

/** A client of a real API server, as much of kubectl as tests need. */
export class KubeClient implements Disposable {
  readonly account: KubeAccount;
  readonly #agent: Agent;
  /** Collections by group, version and kind. */
  readonly #plurals = new Map<string, { readonly plural: string; readonly namespaced: boolean }>();

  constructor(account: KubeAccount) {
    this.account = account;
    this.#agent = new Agent({ keepAlive: true, ca: account.ca });
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<KubeAnswer> {
    const response = await this.#answered(method, path, options);
    let text = '';
    for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += piece;
    }
    const warnings = [response.headers['warning'] ?? []].flat().map(String);
    return { status: response.statusCode ?? 0, body: objectIn(text), warnings };
  }

  /** The body of an answer that has to be a good one. */
  async expect(method: string, path: string, options: RequestOptions = {}): Promise<KubeObject> {
    const { status, body } = await this.request(method, path, options);
    if (status < 200 || status > 299) {
      throw new Error(`${method} ${path}: HTTP ${status}: ${body['message'] ?? JSON.stringify(body)}`);
    }
    return body;
  }

  /** The path of an object, or of its collection where it has no name; looked up in what the server says it has. */
  async pathOf({ apiVersion = '', kind = '', metadata = {} }: KubeObject): Promise<string> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const key = `${apiVersion} ${kind}`;
    if (!this.#plurals.has(key)) {
      const list = (await this.expect('GET', base))['resources'] as readonly {
        readonly name: string;
        readonly kind: string;
        readonly namespaced: boolean;
      }[];
      for (const { name, kind: each, namespaced } of list.filter((resource) => !resource.name.includes('/'))) {
        this.#plurals.set(`${apiVersion} ${each}`, { plural: name, namespaced });
      }
    }
    const found = this.#plurals.get(key);
    if (found === undefined) {
      throw new Error(`the API server has no ${key}`);
    }
    const place = found.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${base}${place}/${found.plural}${metadata.name === undefined ? '' : `/${metadata.name}`}`;
  }

  /**
   * Server-side apply with strict validation, as `kubectl apply --server-side --validate=strict`; with `dryRun` all is done but
   * the write. Throws with what the server says where it refuses.
   */
  async apply(object: KubeObject, { dryRun }: { readonly dryRun?: 'All' } = {}): Promise<KubeAnswer> {
    const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun === undefined ? '' : `&dryRun=${dryRun}`}`;
    const path = await this.pathOf(object);
    const answer = await this.request('PATCH', `${path}?${query}`, {
      body: object,
      type: 'application/apply-patch+yaml',
    });
    if (answer.status !== 200 && answer.status !== 201) {
      throw new Error(`${object.kind} ${object.metadata?.name}: HTTP ${answer.status}: ${answer.body['message']}`);
    }
    return answer;
  }

  /** The events of a collection from a version on, until the server or the signal ends them. */
  async *watch(collection: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const response = await this.#answered('GET', `${collection}?watch=true&resourceVersion=${resourceVersion}`, {
      signal,
    });
    let rest = '';
    for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines.map((line) => JSON.parse(line) as WatchEvent);
    }
    if (response.statusCode !== 200) {
      yield { type: 'ERROR', object: objectIn(rest) };
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #answered(method: string, path: string, { body, type, signal }: RequestOptions): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${this.account.token}`,
      ...(text === undefined
        ? {}
        : { 'content-type': type ?? 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    send(new URL(path, this.account.url), { method, headers, agent: this.#agent, ...(signal && { signal }) }, resolve)
      .on('error', reject)
      .end(text);
    return await promise;
  }
}

function objectIn(text: string): KubeObject {
  try {
    return JSON.parse(text) as KubeObject;
  } catch {
    return { message: text };
  }
}
