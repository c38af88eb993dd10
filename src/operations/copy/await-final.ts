import type { RunContext } from '../../runtime/run-context.ts';
import { restorable } from '../../snapshot/chain.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** How often the source is looked through, ms. */
const INTERVAL = 15_000;
/** A regular full may have been taken at the same time as the final one, or after it. */
const NEWEST_FULLS = 4;

/**
 * Waits until one of the source's newest fulls is a final one, the last of a cluster that is going away.
 * `timed out` after `timeoutMs`; undefined waits without a limit. Throws a StoreError, or the signal's reason.
 */
export async function awaitFinalSnapshot(
  source: SnapStore,
  timeoutMs: number | undefined,
  context: RunContext,
): Promise<'found' | 'timed out'> {
  const { clock, signal } = context;
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs;
  for (;;) {
    const { snapshots } = await source.list({ signal });
    const fulls = restorable(snapshots).filter(({ kind }) => kind === 'Full');
    if (fulls.slice(-NEWEST_FULLS).some(({ isFinal }) => isFinal)) {
      return 'found';
    }
    const left = deadline - clock.monotonic();
    if (left <= 0) {
      return 'timed out';
    }
    await clock.sleep(Math.min(INTERVAL, left), signal);
  }
}
