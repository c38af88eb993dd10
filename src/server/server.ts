import type { RunContext } from '../runtime/run-context.ts';
import type { Sidecar } from './sidecar.ts';
import { SidecarLife } from './sidecar-life.ts';
import type { SidecarParts } from './sidecar-parts.ts';

/** What listens for requests to a sidecar. */
export interface ServerListener {
  /** Takes no new requests, answers those that were taken for at most `graceMs` milliseconds, then ends. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** A sidecar and how it is reached. */
export interface ServerRequest {
  readonly parts: SidecarParts;
  /** Begins to listen. Throws a Failure when that cannot be. */
  listen(sidecar: Sidecar): Promise<ServerListener>;
  /** How long requests that were taken may go on at a stop, ms: as long as the last delta. */
  readonly graceMs: number;
}

/**
 * Runs one sidecar until the context's signal aborts. It listens before all else, so that a caller can ask while etcd is not up. At a
 * stop no more requests are taken, while what is buffered is stored. Throws when it cannot listen.
 */
export async function runServer({ parts, listen, graceMs }: ServerRequest, context: RunContext): Promise<void> {
  const { signal } = context;
  const life = new SidecarLife(parts, context);
  const listener = await listen(life);
  const closed = Promise.withResolvers<void>();
  closed.promise.catch(() => undefined);
  const close = (): void => {
    listener.close({ graceMs }).then(closed.resolve, closed.reject);
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) {
    close();
  }
  try {
    await life.run();
  } finally {
    if (!signal.aborted) {
      signal.removeEventListener('abort', close);
      close();
    }
    await closed.promise;
  }
}
