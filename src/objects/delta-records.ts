import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { ChangeEncoder } from '../datadir/mvcc/change-encoder.ts';
import { UnfitChange } from '../datadir/mvcc/unfit-change.ts';
import { DeltaDecoder } from '../snapshot/delta/delta-decoder.ts';
import type { EventRow } from '../snapshot/delta/event-row.ts';
import type { DeltaParser } from './delta-parser.ts';

/** Bytes of records that are handed on at a time. */
const BATCH_SIZE = 256 * 1024;

/** What was in a delta. */
export interface DeltaSummary {
  /** Last revision inside. */
  readonly lastRevision: number;
  readonly added: number;
  readonly skipped: number;
  /** Leases that the added puts name. */
  readonly leases: readonly bigint[];
  /** TTLs the delta tells, seconds by lease. */
  readonly leaseTtls: ReadonlyMap<bigint, number>;
}

/** Which events become records, and how. */
export interface RecordOptions {
  /** Events up to this revision are there already and skipped. */
  readonly after: number;
  /** Events beyond this revision are not wanted; left out, all are. */
  readonly until?: number | undefined;
  /** Puts lose other leases than these; left out, they keep them. */
  readonly keptLeases?: readonly bigint[] | undefined;
}

/**
 * Checks the hash of an expanded delta and turns its events into records of the `key` bucket.
 * `spares` are batches that were used up, whose memory serves again. `lane` reads most events; left out, each is read here.
 * Records come before the hash is known; they must not be published until the iteration has ended.
 * Throws SnapshotDamage, and {@link UnfitChange} only when the hash is right: otherwise damage is the better explanation.
 */
export async function* deltaRecords(
  body: AsyncIterable<Uint8Array>,
  options: RecordOptions & { readonly spares?: OwnedEntryBatch[]; readonly lane?: DeltaParser },
): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
  const reader = new RecordReader(options, options);
  for await (const bytes of body) {
    reader.feed(bytes);
    while (reader.fillBatch()) {
      yield reader.take(options.spares?.pop());
    }
  }
  reader.end();
  while (reader.fillBatch()) {
    yield reader.take(options.spares?.pop());
  }
  const rest = reader.rest();
  if (rest.count > 0) {
    yield rest;
  } else {
    options.spares?.push(rest);
  }
  return reader.summary();
}

/** Turns the events of one delta into records, batch by batch. */
class RecordReader {
  readonly #decoder: DeltaDecoder;
  readonly #encoder: ChangeEncoder;
  readonly #until: number;
  readonly #keptLeases: ReadonlySet<bigint> | undefined;
  readonly #leaseTtls = new Map<bigint, number>();
  /** The first change that cannot follow what is there; whatever comes later is only read. */
  #unfit: UnfitChange | undefined;

  constructor(options: RecordOptions, means: { readonly spares?: OwnedEntryBatch[]; readonly lane?: DeltaParser }) {
    const { after } = options;
    const encoder = new ChangeEncoder({ after, bytes: BATCH_SIZE + BATCH_SIZE / 8, spare: means.spares?.pop() });
    this.#encoder = encoder;
    this.#until = options.until ?? Number.MAX_SAFE_INTEGER;
    this.#keptLeases = options.keptLeases === undefined ? undefined : new Set(options.keptLeases);
    const leases = this.#keptLeases === undefined ? 'taken' : 'left';
    const limits = { encoder, after, until: this.#until, leases } as const;
    this.#decoder = new DeltaDecoder(means.lane?.for(limits, () => this.#unfit === undefined));
  }

  feed(bytes: Uint8Array): void {
    this.#decoder.feed(bytes);
  }

  end(): void {
    this.#decoder.end();
  }

  /** Encodes events until a batch is full (true) or there are no more of them by now. */
  fillBatch(): boolean {
    const encoder = this.#encoder;
    while (encoder.pending < BATCH_SIZE) {
      const row = this.#decoder.next();
      if (row === undefined) {
        return false;
      }
      for (const [lease, seconds] of row.leaseTtls ?? []) {
        this.#leaseTtls.set(lease, seconds);
      }
      if (row.modRevision <= this.#until && this.#unfit === undefined) {
        this.#encode(row);
      }
    }
    return true;
  }

  take(spare?: OwnedEntryBatch): OwnedEntryBatch {
    return this.#encoder.take(spare);
  }

  /** What is left when there are no more events. */
  rest(): OwnedEntryBatch {
    return this.#encoder.end();
  }

  /** Throws {@link UnfitChange}. */
  summary(): DeltaSummary {
    if (this.#unfit !== undefined) {
      throw this.#unfit;
    }
    const { revision, added, skipped, leases } = this.#encoder;
    return { lastRevision: revision, added, skipped, leases: [...leases], leaseTtls: this.#leaseTtls };
  }

  #encode(row: Readonly<EventRow>): void {
    const kept = row.lease === 0n || this.#keptLeases === undefined || this.#keptLeases.has(row.lease);
    try {
      this.#encoder.add(row.bytes, kept ? row : { ...row, lease: 0n });
    } catch (error) {
      if (!(error instanceof UnfitChange)) {
        throw error;
      }
      this.#unfit = error;
    }
  }
}
