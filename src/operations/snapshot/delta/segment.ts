import type { Revision } from '../../../revision.ts';
import { joinedDelta, joinedSize } from '../../../snapshot/delta/joined-delta.ts';
import { KeyFilter } from '../../../snapshot/key-index/key-filter.ts';
import type { DeltaSpool, SpooledBytes } from './spool.ts';

/** What a segment is made of. */
export interface DeltaSegmentParts {
  readonly firstRevision: Revision;
  readonly lastRevision: Revision;
  /** Number of events. */
  readonly count: number;
  /** Of the events. */
  readonly keys: KeyFilter;
  /** The uncompressed object, hash included. */
  readonly chunks: readonly Uint8Array[];
}

/** Events that become one delta. */
export interface WaitingDelta {
  readonly firstRevision: Revision;
  readonly lastRevision: Revision;
  /** Number of events. */
  readonly count: number;
  /** Of the events. */
  readonly keys: KeyFilter;
  /** Bytes of the uncompressed object, hash included. */
  readonly size: number;
  /** The uncompressed object; may be asked for again. */
  read(): AsyncIterable<Uint8Array>;
  /** The bytes are no longer needed. */
  release(): Promise<void>;
}

/** Several segments that continue each other as one delta. */
export function joinSegments(segments: readonly [DeltaSegment, ...DeltaSegment[]]): WaitingDelta {
  const [first] = segments;
  if (segments.length === 1) {
    return first;
  }
  const keys = new KeyFilter();
  for (const segment of segments) {
    keys.addAll(segment.keys);
  }
  return {
    keys,
    firstRevision: first.firstRevision,
    lastRevision: (segments.at(-1) ?? first).lastRevision,
    count: segments.reduce((sum, { count }) => sum + count, 0),
    size: joinedSize(segments),
    read: () => joinedDelta(segments),
    release: async () => {
      for (const segment of segments) {
        await segment.release();
      }
    },
  };
}

/** Events that become one delta; whole transactions only. In memory, or in a file while it waits for a slow store. */
export class DeltaSegment implements WaitingDelta {
  readonly firstRevision: Revision;
  readonly lastRevision: Revision;
  readonly count: number;
  readonly keys: KeyFilter;
  /** Bytes of the uncompressed object. */
  readonly size: number;
  #chunks: readonly Uint8Array[];
  #spooled: SpooledBytes | undefined;
  #released = false;

  constructor({ firstRevision, lastRevision, count, keys, chunks }: DeltaSegmentParts) {
    this.keys = keys;
    this.firstRevision = firstRevision;
    this.lastRevision = lastRevision;
    this.count = count;
    this.size = chunks.reduce((sum, { length }) => sum + length, 0);
    this.#chunks = chunks;
  }

  /** True while the bytes are in memory. */
  get isInMemory(): boolean {
    return this.#chunks.length > 0;
  }

  /** The bytes of the uncompressed object; may be asked for again. */
  async *read(): AsyncGenerator<Uint8Array> {
    if (this.#spooled === undefined) {
      yield* this.#chunks;
    } else {
      yield* this.#spooled.read();
    }
  }

  /** Moves the bytes from memory to a file. Throws what {@link DeltaSpool.keep} throws; they then stay in memory. */
  async spill(spool: DeltaSpool): Promise<void> {
    const spooled = await spool.keep(this);
    if (this.#released) {
      await spooled[Symbol.asyncDispose]();
      return;
    }
    this.#spooled = spooled;
    this.#chunks = [];
  }

  /** The bytes are no longer needed. */
  async release(): Promise<void> {
    this.#released = true;
    this.#chunks = [];
    await this.#spooled?.[Symbol.asyncDispose]();
  }
}
