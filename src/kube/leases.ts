import type { Clock } from '../runtime/clock.ts';
import { Failure, type FailureParts } from '../runtime/failure.ts';
import type { ApiAnswer, ApiServer } from './api-server.ts';
import { type Lease, type LeasePatch, parseLease } from './lease.ts';

/** Waits before a conflict is tried again, ms. */
const conflictWaitsMs = [10, 50, 250];

/** The leases of one namespace: they are read and patched, never created or deleted. */
export class Leases {
  readonly #server: ApiServer;
  readonly #namespace: string;
  readonly #clock: Clock;

  constructor({ server, namespace }: { readonly server: ApiServer; readonly namespace: string }, clock: Clock) {
    this.#server = server;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  /** The lease; undefined when there is none. Throws a {@link Failure} with a code that begins with `kube_`. */
  async get(name: string, { signal }: { readonly signal: AbortSignal }): Promise<Lease | undefined> {
    const answer = await this.#server.request({ method: 'GET', path: this.#path(name), signal });
    if (answer.status === 404 && isOfApiServer(answer)) {
      return undefined;
    }
    return this.#leaseIn(answer, { action: 'read', name });
  }

  /**
   * Reads a lease and writes what `change` makes of it; nothing when that gives undefined. Where the patch names a version and
   * another write came first, all of it is done again. Throws a {@link Failure} `lease_missing`, `kube_conflict`, another with a
   * code that begins with `kube_`, and what `change` throws.
   */
  async renew(
    name: string,
    change: (lease: Lease) => LeasePatch | undefined,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<'renewed' | 'left'> {
    for (let attempt = 0; ; attempt++) {
      const lease = await this.get(name, { signal });
      if (lease === undefined) {
        throw this.#failure(name, {
          code: 'lease_missing',
          action: 'renew',
          found: 'there is no such lease',
          remedy: 'create it, or let etcd-druid create it',
        });
      }
      const patch = change(lease);
      if (patch === undefined) {
        return 'left';
      }
      const answer = await this.#server.request({ method: 'PATCH', path: this.#path(name), mergePatch: patch, signal });
      const waitMs = conflictWaitsMs[attempt];
      if (answer.status !== 409 || waitMs === undefined) {
        this.#leaseIn(answer, { action: 'renew', name });
        return 'renewed';
      }
      await this.#clock.sleep(waitMs, signal);
    }
  }

  #leaseIn(answer: ApiAnswer, { action, name }: { readonly action: string; readonly name: string }): Lease {
    const { status } = answer;
    const lease = status >= 200 && status < 300 ? parseLease(answer.body) : undefined;
    if (lease !== undefined) {
      return lease;
    }
    if (status === 401 || status === 403) {
      throw this.#failure(name, {
        code: 'kube_denied',
        action,
        found: `the account may not (HTTP ${status})`,
        remedy: `let the pod's service account get and patch leases in ${this.#namespace}`,
      });
    }
    if (status === 409) {
      throw this.#failure(name, {
        code: 'kube_conflict',
        action,
        found: 'others have written it at each try',
        remedy: 'look for a second sidecar that writes the same lease',
      });
    }
    throw this.#failure(name, {
      code: 'kube_answer',
      action,
      found: `${this.#server.location} answered with HTTP ${status} and no lease`,
      remedy: 'check that it is a Kubernetes API server, and that it is well',
    });
  }

  #failure(name: string, parts: Omit<FailureParts, 'object'>): Failure {
    return new Failure({ ...parts, object: `lease ${this.#namespace}/${name}` });
  }

  #path(name: string): string {
    const [namespace, lease] = [this.#namespace, name].map(encodeURIComponent);
    return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lease}`;
  }
}

/** Whether a 404 comes from an API server, and not from something else that listens there. */
function isOfApiServer({ body }: ApiAnswer): boolean {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}
