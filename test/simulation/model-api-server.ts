import type { ApiAnswer, ApiRequest, ApiServer } from '../../src/kube/api-server.ts';
import { Failure } from '../../src/runtime/failure.ts';
import type { RandomStreams } from './random-streams.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How the API server is. */
export type ApiMood =
  | 'well'
  /** Answers take seconds. */
  | 'slow'
  /** The account may do nothing. */
  | 'denying'
  /** It takes requests and never answers. */
  | 'hanging'
  /** Somebody else writes the lease before each patch. */
  | 'contended'
  | 'down'
  /** The leases are not there. */
  | 'empty';

/** One lease and when it was last patched, ms. */
export interface ModelLease {
  holder: string | undefined;
  renewTime: string | undefined;
  annotations: Record<string, string>;
  version: number;
  patchedAt: number;
}

/** Leases of which no revision may ever be lowered. */
export const snapshotLeases = { full: 'etcd-full-snap', delta: 'etcd-delta-snap' } as const;

const slowMs = 30_000;

/** The API server of Kubernetes with the leases of all sidecars. */
export class ModelApiServer {
  readonly leases = new Map<string, ModelLease>();
  mood: ApiMood = 'well';
  readonly #time: VirtualTime;
  readonly #streams: RandomStreams;
  readonly #violated: (what: string) => void;
  /** The holder of each lease when each process has last read it. */
  readonly #known = new Map<string, string | undefined>();

  constructor(parts: {
    readonly time: VirtualTime;
    readonly streams: RandomStreams;
    readonly leases: readonly string[];
    violated(what: string): void;
  }) {
    this.#time = parts.time;
    this.#streams = parts.streams;
    this.#violated = parts.violated;
    for (const name of parts.leases) {
      this.add(name);
    }
  }

  add(name: string): void {
    this.leases.set(name, { holder: undefined, renewTime: undefined, annotations: {}, version: 1, patchedAt: 0 });
  }

  /** What a process sees of it. */
  of(process: SimulatedProcess): ApiServer {
    const random = this.#streams.of(`${process.name} kube`);
    return {
      location: 'https://kube',
      request: async (request) => {
        const most = this.mood === 'slow' ? slowMs : 40;
        const travel = { thereMs: random.integer(most), backMs: random.integer(most) };
        // A patch that is given up may still arrive, after its sender has read and written more.
        const knownWhenSent = this.#known.get(knownBy(process, request));
        const answer = await process.call(
          () => this.#answer(request, { process, knownWhenSent }),
          travel,
          request.signal,
        );
        if (answer === 'never') {
          await process.clock.sleep(1_000_000_000, request.signal);
        }
        return answer as ApiAnswer;
      },
      [Symbol.dispose]: () => undefined,
    };
  }

  #answer(
    request: ApiRequest,
    { process, knownWhenSent }: { readonly process: SimulatedProcess; readonly knownWhenSent: string | undefined },
  ): ApiAnswer | 'never' {
    const { method } = request;
    switch (this.mood) {
      case 'hanging':
        return 'never';
      case 'denying':
        return { status: 403, body: { kind: 'Status' } };
      case 'down':
        throw new Failure({
          code: 'kube_unreachable',
          action: 'ask',
          object: 'the Kubernetes API server',
          found: 'no answer came',
          remedy: 'check it',
        });
      case 'well':
      case 'slow':
      case 'contended':
      case 'empty':
        break;
      default:
        this.mood satisfies never;
    }
    const name = leaseOf(request);
    const lease = this.mood === 'empty' ? undefined : this.leases.get(name);
    if (lease === undefined) {
      return { status: 404, body: { kind: 'Status' } };
    }
    if (method === 'GET') {
      this.#known.set(knownBy(process, request), lease.holder);
      return documentOf(name, lease);
    }
    return this.#patch(name, { lease, known: knownWhenSent }, request.mergePatch as Patch);
  }

  #patch(
    name: string,
    { lease, known }: { readonly lease: ModelLease; readonly known: string | undefined },
    { metadata = {}, spec = {}, ...others }: Patch,
  ): ApiAnswer {
    const { resourceVersion, annotations = {} } = metadata;
    const { holderIdentity, renewTime } = spec;
    if (this.mood === 'contended') {
      lease.version += 1;
    }
    if (resourceVersion !== undefined && resourceVersion !== String(lease.version)) {
      return { status: 409, body: { kind: 'Status' } };
    }
    const fields = [...Object.keys(others), ...Object.keys(spec)].filter(
      (field) => field !== 'holderIdentity' && field !== 'renewTime',
    );
    if (fields.length > 0) {
      this.#violated(`a patch of lease ${name} changes ${fields.join()}`);
    }
    const isOfSnapshots = name === snapshotLeases.full || name === snapshotLeases.delta;
    // A patch of deltas names no version: one that was on its way when another one was written may still lower what that has written.
    const knew = known === lease.holder;
    if (isOfSnapshots && knew && Number(holderIdentity ?? lease.holder) < Number(lease.holder ?? 0)) {
      this.#violated(`lease ${name} is lowered from ${lease.holder} to ${holderIdentity}`);
    }
    lease.holder = holderIdentity ?? lease.holder;
    lease.renewTime = renewTime ?? lease.renewTime;
    lease.annotations = { ...lease.annotations, ...annotations };
    lease.version += 1;
    lease.patchedAt = this.#time.now;
    return documentOf(name, lease);
  }
}

function leaseOf({ path }: ApiRequest): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function knownBy(process: SimulatedProcess, request: ApiRequest): string {
  return `${process.name} ${leaseOf(request)}`;
}

interface Patch {
  readonly metadata?: { readonly resourceVersion?: string; readonly annotations?: Record<string, string> };
  readonly spec?: { readonly holderIdentity?: string; readonly renewTime?: string };
}

function documentOf(name: string, { holder, renewTime, annotations, version }: ModelLease): ApiAnswer {
  return {
    status: 200,
    body: {
      kind: 'Lease',
      metadata: { name, resourceVersion: String(version), annotations },
      spec: { holderIdentity: holder ?? null, renewTime: renewTime ?? null },
    },
  };
}
