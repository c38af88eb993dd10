import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';
import type { StoredSnapshot } from '../../../snapstore/snapstore.ts';
import type { ChainState } from '../chain-state.ts';
import type { RevisionWatermark } from './revision-watermark.ts';
import type { UploadLoop } from './upload-loop.ts';

/** How long a delta that is asked for waits for what etcd has accepted before, ms: a watch that broke off is opened anew meanwhile. */
const arrivalMs = 20_000;

/** What a delta that is asked for is made of. */
export interface RequestedDeltaParts {
  readonly cluster: EtcdCluster;
  readonly watermark: RevisionWatermark;
  readonly uploadLoop: UploadLoop;
  readonly chain: ChainState;
}

/**
 * Writes what is buffered as a delta now: everything that etcd had accepted before the call is in the store then. Returns the delta, or
 * undefined when there was nothing to write. Throws a {@link Failure} `delta_incomplete` when not all of it has arrived in 20 s, or
 * what has arrived waits for a full; what could be stored is in the store then, too.
 */
export async function writeRequestedDelta(
  { cluster, watermark, uploadLoop, chain }: RequestedDeltaParts,
  { signal, clock }: Pick<RunContext, 'signal' | 'clock'>,
): Promise<StoredSnapshot | undefined> {
  const { revision: accepted } = await cluster.status({ signal });
  const waited = new AbortController();
  const bounded = AbortSignal.any([signal, waited.signal]);
  const arrived = watermark.reached(accepted, bounded).catch(() => undefined);
  await Promise.race([arrived, clock.sleep(arrivalMs, bounded).catch(() => undefined)]);
  waited.abort();
  const delta = await uploadLoop.writeRequested();
  if (chain.covered < accepted) {
    // What ends the run also ends the wait.
    signal.throwIfAborted();
    throw new Failure({
      code: 'delta_incomplete',
      action: 'take a delta snapshot of',
      object: cluster.location,
      found: `etcd is at revision ${accepted}, and the store has the changes up to ${chain.covered}`,
      remedy: 'ask again later; regular deltas go on',
    });
  }
  return delta;
}
