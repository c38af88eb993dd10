import type { Clock } from '../../runtime/clock.ts';
import type { LeaderLookup } from '../leader-lookup.ts';
import type { Sidecar } from '../sidecar.ts';

/** How long a probe waits for the answer who leads, ms: those of Kubernetes wait a second by default. */
const boundMs = 900;

/**
 * Whether this sidecar can serve its callers: as the leader it is healthy, otherwise it knows the leader. Without a store there
 * is nothing more to wait for.
 */
export async function isReady(
  sidecar: Pick<Sidecar, 'healthy' | 'snapshots'>,
  lookup: Pick<LeaderLookup, 'find'>,
  clock: Clock,
): Promise<boolean> {
  const { snapshots } = sidecar;
  switch (snapshots.kind) {
    case 'no store':
      return true;
    case 'leads':
      return sidecar.healthy;
    case 'forwards':
      return await knowsLeader(lookup, clock);
    default:
      return snapshots satisfies never;
  }
}

async function knowsLeader(lookup: Pick<LeaderLookup, 'find'>, clock: Clock): Promise<boolean> {
  const waiting = new AbortController();
  const late = clock.sleep(boundMs, waiting.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return (await Promise.race([lookup.find().catch(() => undefined), late])) !== undefined;
  } finally {
    waiting.abort();
  }
}
