import type { OwnedEntryBatch } from '../datadir/bbolt/entry-batch.ts';
import type { BackgroundSha256 } from '../runtime/process/background-sha256.ts';
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
   * With `hash` the delta is hashed on another thread; a piece of `body` has to be valid until the second one after it is asked for.
   */
  async *read(
    body: AsyncIterable<Uint8Array>,
    options: RecordOptions,
    hash?: BackgroundSha256,
  ): AsyncGenerator<OwnedEntryBatch, DeltaSummary> {
    const decoder = new RecordDecoder(options, {
      spare: this.#spares.pop(),
      parser: () => this.#parserIfWorthIt(),
      hash,
    });
    let hashed: Promise<void> | undefined;
    for await (const bytes of body) {
      this.#bytesRead += bytes.length;
      // Of the piece before: its memory serves again after this one.
      await hashed;
      decoder.feed(bytes);
      hashed = hash?.hashed();
      // It is awaited with the next piece; until then a failure must not count as unhandled.
      hashed?.catch(() => undefined);
      while (decoder.fillBatch()) {
        yield decoder.take(this.#spares.pop());
      }
    }
    decoder.end(await hash?.digest());
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
