/** One request to a Kubernetes API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'PATCH';
  /** Begins with a slash. */
  readonly path: string;
  /** Sent as a JSON merge patch (RFC 7386). */
  readonly mergePatch?: unknown;
  readonly signal: AbortSignal;
}

/** What an API server answered. */
export interface ApiAnswer {
  readonly status: number;
  /** Its JSON; undefined when it is none. */
  readonly body: unknown;
}

/** A Kubernetes API server and the account that asks it. Disposing of it closes its connections. */
export interface ApiServer extends Disposable {
  /** Scheme, host and port, for messages. */
  readonly location: string;
  /** Throws a Failure `kube_unreachable` when no answer comes. */
  request(request: ApiRequest): Promise<ApiAnswer>;
}
