import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';
import { deltaObject, fullObject } from './backup-objects.ts';
import { seededBytes } from './byte-streams.ts';
import { goldenDatabase } from './datadir/golden.ts';
import { put } from './delta-events.ts';
import type { MemoryObject } from './memory-snapstore.ts';

/** A backup whose deltas are large enough that a restore reads them in threads. */
export interface LargeChain {
  /** What the deltas tell, in order: one revision each. */
  readonly events: readonly DeltaEvent[];
  /** Last revision of the full. */
  readonly baseRevision: number;
  readonly perDelta: number;
  /** The full, then its deltas. Nothing is compressed. */
  readonly objects: readonly MemoryObject[];
}

/** Makes such a backup: a small full and some 6 MB of deltas. */
export function largeChain(): LargeChain {
  const baseRevision = 58;
  const perDelta = 1500;
  const deltas = 6;
  const events = Array.from({ length: perDelta * deltas }, (_, at) =>
    put(`/threads/${String(at).padStart(6, '0')}`, baseRevision + 1 + at, {
      value: seededBytes(500, at),
      lease: at % 1000 === 0 ? BigInt(7000 + at) : 0n,
    }),
  );
  const objects = [
    fullObject(goldenDatabase('etcd-3.5/gzip'), { lastRevision: baseRevision }),
    ...Array.from({ length: deltas }, (_, at) => deltaObject(events.slice(at * perDelta, (at + 1) * perDelta))),
  ];
  return { events, baseRevision, perDelta, objects };
}
