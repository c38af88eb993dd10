import type { Clock } from '../../runtime/clock.ts';
import type { Sidecar } from '../sidecar.ts';

/** How long the question who leads may take, ms; probes of Kubernetes wait a second by default. */
const boundMs = 900;

/**
 * Whether this sidecar can serve its callers: as the leader it is healthy, otherwise it knows the leader. Without a store there
 * is nothing more to wait for.
 */
export async function isReady(sidecar: Sidecar, clock: Clock): Promise<boolean> {
  switch (sidecar.snapshots.kind) {
    case 'no store':
      return true;
    case 'leads':
      return sidecar.healthy;
    case 'forwards':
      return await knowsLeader(sidecar, clock);
    default:
      return sidecar.snapshots satisfies never;
  }
}

async function knowsLeader(sidecar: Sidecar, clock: Clock): Promise<boolean> {
  const asking = new AbortController();
  const waiting = new AbortController();
  const late = clock.sleep(boundMs, waiting.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    const found = sidecar.leaderClientUrl({ signal: asking.signal }).catch(() => undefined);
    return (await Promise.race([found, late])) !== undefined;
  } finally {
    asking.abort(new Error(`it takes more than ${boundMs} ms`));
    waiting.abort();
  }
}
