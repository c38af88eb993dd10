import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { ChangeEncoder } from '../datadir/mvcc/change-encoder.ts';
import { UnfitChange } from '../datadir/mvcc/unfit-change.ts';
import { Int64Map } from '../runtime/int64-map.ts';
import { Int64Set } from '../runtime/int64-set.ts';
import { DeltaDecoder } from '../snapshot/delta/delta-decoder.ts';
import type { EventRow } from '../snapshot/delta/event-row.ts';
import type { FastDeltaParser } from '../snapshot/delta/fast-parser.ts';
import type { ParseLimits, WasmDeltaParser } from '../wasm/delta-parser.ts';

/** Bytes of records in a batch. */
const BATCH_SIZE = 256 * 1024;

/** What was in a delta. */
export interface DeltaSummary {
  /** Last revision inside. */
  readonly lastRevision: number;
  readonly added: number;
  readonly skipped: number;
  /** Leases that the added puts name. */
  readonly leases: readonly bigint[];
  /** TTLs that the delta records, seconds by lease. */
  readonly leaseTtls: readonly (readonly [lease: bigint, seconds: number])[];
}

/** Which events become records, and how. */
export interface RecordOptions {
  /** Events up to this revision are there already and skipped. */
  readonly after: number;
  /** Events beyond this revision are left out; undefined to take all. */
  readonly until?: number | undefined;
  /** Puts lose other leases than these; left out, they keep them. */
  readonly keptLeases?: readonly bigint[] | undefined;
}

/** What a {@link RecordDecoder} works with. */
export interface DecoderResources {
  /** A batch that was used up, whose memory serves again. */
  readonly spare: OwnedEntryBatch | undefined;
  /** What parses most events, as soon as it is worth it; asked before each piece of the delta. */
  parser(): WasmDeltaParser | undefined;
  /** Hashes the delta in place of the decoder. */
  readonly hash?: { update(bytes: Uint8Array): unknown } | undefined;
}

/** Turns the events of one expanded delta, fed in pieces, into records of the `key` bucket, batch by batch. */
export class RecordDecoder {
  readonly #decoder: DeltaDecoder;
  readonly #encoder: ChangeEncoder;
  readonly #until: number;
  readonly #keptLeases: Int64Set | undefined;
  readonly #leaseTtls = new Int64Map<number>();
  /** The first change that cannot follow what is there; later ones are read, but not encoded. */
  #unfit: UnfitChange | undefined;

  constructor(options: RecordOptions, means: DecoderResources) {
    const { after, keptLeases, until = Number.MAX_SAFE_INTEGER } = options;
    this.#encoder = new ChangeEncoder({ after, bytes: BATCH_SIZE + BATCH_SIZE / 8, spare: means.spare });
    this.#until = until;
    this.#keptLeases = keptLeases === undefined ? undefined : new Int64Set(keptLeases);
    const limits = { after, until, leases: keptLeases === undefined ? 'parsed' : 'left' } as const;
    this.#decoder = new DeltaDecoder(() => {
      const parser = means.parser();
      return parser && this.#parseWith(parser, limits);
    }, means.hash);
  }

  /** Takes the next bytes. All records of those before have to be taken. */
  feed(bytes: Uint8Array): void {
    this.#decoder.feed(bytes);
  }

  /** Ends the delta, whose hash is `computed` where it was not hashed here; there may still be records. Throws HashDamage. */
  end(computed?: Buffer): void {
    this.#decoder.end(computed);
  }

  /** Encodes events until a batch is full (true) or more bytes are needed. Throws SnapshotDamage. */
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

  /** Takes the records of a full batch; the next one is made in the memory of `spare`. */
  take(spare: OwnedEntryBatch | undefined): OwnedEntryBatch {
    return this.#encoder.take(spare);
  }

  /** What is left when there are no more events. */
  rest(): OwnedEntryBatch {
    return this.#encoder.end();
  }

  /** What was in the delta. Throws {@link UnfitChange}. */
  summary(): DeltaSummary {
    if (this.#unfit !== undefined) {
      throw this.#unfit;
    }
    const { revision, added, skipped, leases } = this.#encoder;
    return { lastRevision: revision, added, skipped, leases: [...leases], leaseTtls: [...this.#leaseTtls] };
  }

  #parseWith(parser: WasmDeltaParser, limits: ParseLimits): FastDeltaParser {
    const encoder = this.#encoder;
    return {
      memory: (length) => parser.text(length),
      run: (start, end) => {
        if (this.#unfit !== undefined) {
          return start;
        }
        const parsed = parser.parse(start, end, encoder, limits);
        if (parsed.records.count > 0) {
          encoder.addEncoded(parsed);
        }
        return parsed.end;
      },
    };
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
