import { TrailingHash } from '../trailing-hash.ts';
import { DeltaTokenizer } from './delta-tokenizer.ts';
import type { EventRow } from './event-row.ts';
import type { FastDeltaParser } from './fast-parser.ts';

/**
 * Reads an uncompressed delta, the events' JSON text and the SHA-256 after it, in pieces of any size. Bounded memory,
 * whatever the size of the delta, and no copy of what is fed at once.
 *
 * Events come as they are read, so a consumer sees them before the hash is known: it must not publish what it made of
 * them until {@link end} has returned and {@link next} has given the last one.
 */
export class DeltaDecoder {
  readonly #trailing: TrailingHash;
  readonly #tokenizer: DeltaTokenizer;
  /** What was fed and not yet read: at most what the hash had held back, and the piece after it. */
  readonly #waiting: Uint8Array[] = [];

  /**
   * `fastParser` is asked with each piece until it gives one. The events that this consumes are not given by {@link next}. `hash` is given
   * what is to be hashed in place of a hash of its own, and {@link end} what it makes of that.
   */
  constructor(fastParser?: () => FastDeltaParser | undefined, hash?: { update(bytes: Uint8Array): unknown }) {
    this.#trailing = new TrailingHash(hash);
    this.#tokenizer = new DeltaTokenizer(fastParser);
  }

  /** Takes the next bytes. All events of those before have to be taken; these must not change until theirs are. */
  feed(bytes: Uint8Array): void {
    this.#waiting.push(...this.#trailing.push(bytes));
  }

  /** Ends the delta; {@link next} may still give events. Throws {@link HashDamage}. */
  end(computed?: Buffer): void {
    this.#trailing.verify(computed);
    this.#tokenizer.end();
  }

  /**
   * The next event, or undefined when more bytes are needed, or no event is left. It is valid until the next call.
   * Throws {@link DeltaDamage}.
   */
  next(): Readonly<EventRow> | undefined {
    for (;;) {
      const row = this.#tokenizer.next();
      if (row !== undefined) {
        return row;
      }
      const piece = this.#waiting.shift();
      if (piece === undefined) {
        return undefined;
      }
      this.#tokenizer.feed(piece);
    }
  }
}
