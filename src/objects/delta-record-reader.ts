import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import { WasmDeltaParser } from '../wasm/delta-parser.ts';
import { type DeltaSummary, RecordDecoder, type RecordOptions } from './record-decoder.ts';

/** Bytes of text of one or more deltas that are worth the memory of the WASM delta parser. */
const WORTH_PARSER = 512 * 1024;

/**
 * Checks expanded deltas and turns their events into records of the `key` bucket, one delta after the other. What is used for
 * one serves the next: memory of batches, and the WASM parser that reads most events where there are many.
 */
export class DeltaRecordReader {
  readonly #spares: OwnedEntryBatch[] = [];
  readonly #parserFrom: number;
  #parser: WasmDeltaParser | undefined;
  #bytesRead = 0;

  /** The WASM parser is used from the first bytes on that exceed `parserFrom`; all events are read without it before. */
  constructor({ parserFrom = WORTH_PARSER }: { readonly parserFrom?: number } = {}) {
    this.#parserFrom = parserFrom;
  }

  /**
   * The records of one delta. They come before its hash is known: they must not be published until the iteration has ended.
   * Throws SnapshotDamage, and UnfitChange only when the hash is right: otherwise damage is the better explanation.
   */
  async *read(body: AsyncIterable<Uint8Array>, options: RecordOptions): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    const decoder = new RecordDecoder(options, { spare: this.#spares.pop(), parser: () => this.#parserIfWorthIt() });
    for await (const bytes of body) {
      this.#bytesRead += bytes.length;
      decoder.feed(bytes);
      while (decoder.fillBatch()) {
        yield decoder.take(this.#spares.pop());
      }
    }
    decoder.end();
    while (decoder.fillBatch()) {
      yield decoder.take(this.#spares.pop());
    }
    const rest = decoder.rest();
    if (rest.count > 0) {
      yield rest;
    } else {
      this.#spares.push(rest);
    }
    return decoder.summary();
  }

  /** Takes back a batch whose records are not needed any more: its memory serves again. */
  giveBack(batch: OwnedEntryBatch): void {
    this.#spares.push(batch);
  }

  #parserIfWorthIt(): WasmDeltaParser | undefined {
    if (this.#parser === undefined && this.#bytesRead > this.#parserFrom) {
      this.#parser = new WasmDeltaParser();
    }
    return this.#parser;
  }
}
