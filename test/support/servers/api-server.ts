import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from './loopback-listener.ts';

/** A lease as the server keeps it. */
interface KeptLease {
  version: number;
  annotations: Record<string, string>;
  spec: Record<string, unknown>;
}

/** What the account may do. */
type Verb = 'get' | 'patch';

/** A part of a Kubernetes API server: leases with merge patches, resource versions and rights. */
export interface LoopbackApiServer extends AsyncDisposable {
  readonly url: URL;
  /** Every request that came, in order: method, path, patch. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly patch: unknown }[];
  /** Rights of the account whose token is asked for. */
  readonly rights: Set<Verb>;
  token: string | undefined;
  /** Creates a lease, as etcd-druid does. */
  create(namespace: string, name: string, spec?: Record<string, unknown>): void;
  lease(namespace: string, name: string): KeptLease | undefined;
  /** Is called before a patch is applied. */
  beforePatch: (() => void) | undefined;
  /** Answers requests in place of the server. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

const path = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases\/([^/]+)$/;

/** Starts one on a free port of this machine, without TLS. */
export async function startApiServer(): Promise<LoopbackApiServer> {
  const leases = new Map<string, KeptLease>();
  const requests: { method: string; path: string; patch: unknown }[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) {
      pieces.push(piece);
    }
    const body = Buffer.concat(pieces).toString();
    requests.push({ method, path: url, patch: body === '' ? undefined : JSON.parse(body) });
    if (made.instead !== undefined) {
      made.instead(request, response);
      return;
    }
    const verb: Verb = method === 'GET' ? 'get' : 'patch';
    const [, namespace, name] = path.exec(url) ?? [];
    const lease = leases.get(`${namespace}/${name}`);
    if (made.token !== undefined && request.headers.authorization !== `Bearer ${made.token}`) {
      status(response, 401, 'Unauthorized');
    } else if (!made.rights.has(verb)) {
      status(response, 403, 'Forbidden');
    } else if (namespace === undefined || lease === undefined) {
      status(response, 404, 'NotFound');
    } else if (verb === 'get') {
      json(response, 200, document(namespace, name ?? '', lease));
    } else if (request.headers['content-type'] !== 'application/merge-patch+json') {
      status(response, 415, 'UnsupportedMediaType');
    } else {
      made.beforePatch?.();
      const patch = JSON.parse(body) as { readonly metadata?: { readonly resourceVersion?: string } };
      const wanted = patch.metadata?.resourceVersion;
      if (wanted !== undefined && wanted !== String(lease.version)) {
        status(response, 409, 'Conflict');
        return;
      }
      const { metadata, spec } = merged(document(namespace, name ?? '', lease), patch) as LeaseDocument;
      if (!isLeaseSpec(spec)) {
        status(response, 422, 'Invalid');
        return;
      }
      lease.annotations = metadata.annotations ?? {};
      lease.spec = spec;
      lease.version += 1;
      json(response, 200, document(namespace, name ?? '', lease));
    }
  }

  const listener = await listenOnLoopback(server);
  const made: LoopbackApiServer = {
    url: new URL(`http://127.0.0.1:${listener.port}`),
    requests,
    rights: new Set<Verb>(['get', 'patch']),
    token: undefined,
    beforePatch: undefined,
    instead: undefined,
    create: (namespace, name, spec = {}) => {
      leases.set(`${namespace}/${name}`, { version: 1, annotations: {}, spec: { ...spec } });
    },
    lease: (namespace, name) => leases.get(`${namespace}/${name}`),
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
  return made;
}

interface LeaseDocument {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly spec: Record<string, unknown>;
}

/** A JSON merge patch (RFC 7386): null deletes, an object is merged, all else takes the place of what was there. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return patch;
  }
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[name];
    } else {
      result[name] = merged(result[name], value);
    }
  }
  return result;
}

/** As much of the schema as the fields that are written here. */
function isLeaseSpec({ renewTime, holderIdentity }: Record<string, unknown>): boolean {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
  return (
    (renewTime === undefined || (typeof renewTime === 'string' && time.test(renewTime))) &&
    (holderIdentity === undefined || typeof holderIdentity === 'string')
  );
}

function document(namespace: string, name: string, { version, annotations, spec }: KeptLease): unknown {
  const metadata = { name, namespace, resourceVersion: String(version), annotations };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

function status(response: ServerResponse, code: number, reason: string): void {
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
