import { createHash } from 'node:crypto';
import { type Revision, revision } from '../../src/revision.ts';
import { DeltaEncoder } from '../../src/snapshot/delta/delta-encoder.ts';
import type { EventTime } from '../../src/snapshot/delta/event-time.ts';
import type { DeltaEvent } from '../../src/snapshot/delta-event.ts';
import { formatName } from '../../src/snapshot/name.ts';
import type { MemoryObject } from './memory-snapstore.ts';

/** What a made-up object's name says when it is not what its content says. */
export interface NameOverrides {
  readonly startRevision?: Revision | number;
  readonly lastRevision?: Revision | number;
  readonly createdOn?: number;
}

/** An uncompressed delta of these events. */
export function deltaObject(
  events: readonly DeltaEvent[],
  name: NameOverrides = {},
  /** When each event was seen. */
  timeOf: (event: DeltaEvent) => EventTime = () => ({ seconds: 1_795_251_540, nanos: 0 }),
  /** What it tells of leases, seconds by id. */
  leaseTtls: ReadonlyMap<bigint, number> = new Map(),
): MemoryObject {
  const encoder = new DeltaEncoder();
  for (const [lease, seconds] of leaseTtls) {
    encoder.tellLease(lease, seconds);
  }
  for (const event of events) {
    encoder.append(event, timeOf(event));
  }
  const {
    startRevision = encoder.firstRevision,
    lastRevision = encoder.lastRevision,
    createdOn = 1_795_251_600,
  } = name;
  const key = `v2/${formatName({
    kind: 'Incr',
    startRevision: revision(startRevision),
    lastRevision: revision(lastRevision),
    createdOn,
    compression: 'none',
    isFinal: false,
  })}`;
  return { key, bytes: Buffer.concat(encoder.finish()) };
}

/** An uncompressed full with this database. */
export function fullObject(
  database: Uint8Array,
  name: { readonly lastRevision: number; readonly createdOn?: number },
): MemoryObject {
  const key = `v2/${formatName({
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: revision(name.lastRevision),
    createdOn: name.createdOn ?? 1_795_251_500,
    compression: 'none',
    isFinal: false,
  })}`;
  return { key, bytes: Buffer.concat([database, createHash('sha256').update(database).digest()]) };
}
