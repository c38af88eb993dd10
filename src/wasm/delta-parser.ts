import { fileURLToPath } from 'node:url';
import { instantiate, type WasmMemory, type WasmNumber } from './loader.ts';

const WASM_PAGE = 64 * 1024;

/** What `assembly/delta-parser.ts` exports; it says what each area of its memory holds. */
interface DeltaParserExports {
  readonly memory: WasmMemory;
  readonly SIZES: WasmNumber;
  readonly LEASES: WasmNumber;
  readonly RECORDS: WasmNumber;
  readonly TEXT: WasmNumber;
  readonly MARGIN: WasmNumber;
  readonly revision: WasmNumber;
  readonly sub: WasmNumber;
  readonly records: WasmNumber;
  readonly bytes: WasmNumber;
  readonly leases: WasmNumber;
  follow(main: number, place: number): void;
  run(start: number, end: number, first: number, last: number, leased: number): number;
}

/** Which events are parsed. */
export interface ParseLimits {
  /** Only those of later revisions than this, */
  readonly after: number;
  /** and not of later ones than this. */
  readonly until: number;
  /** Whether those that name leases are parsed, or left for others. */
  readonly leases: 'parsed' | 'left';
}

/** A place in a history: a revision, and how many changes of its transaction come before. */
export interface ChangePlace {
  readonly revision: number;
  readonly sub: number;
}

/** Some events as records of the `key` bucket. All views are valid until the next call. */
export interface ParsedEvents extends ChangePlace {
  /** Where the text continues with what was not parsed. */
  readonly end: number;
  readonly records: {
    readonly count: number;
    /** Two numbers a record: bytes of its key, bytes of its value. */
    readonly sizes: Uint32Array;
    readonly bytes: Uint8Array;
  };
  /** Leases that the events name; some of them may be the same. */
  readonly leases: BigInt64Array;
}

/**
 * Parses the text of deltas in WebAssembly, straight to records of the `key` bucket: 4 MiB of memory and room for the text.
 * It parses events in their usual form only, and stops before any other.
 */
export class WasmDeltaParser {
  readonly #module: DeltaParserExports;

  constructor() {
    this.#module = instantiate({
      asset: 'delta-parser.wasm',
      file: () => fileURLToPath(new URL('../../.cache/native/delta-parser.wasm', import.meta.url)),
    }) as DeltaParserExports;
  }

  /**
   * Memory for at least `length` bytes of text, which begins with the text of the last call. Memory of earlier calls must
   * not be used any more.
   */
  text(length: number): Buffer {
    const { memory, TEXT, MARGIN } = this.#module;
    const missing = TEXT.value + length + MARGIN.value - memory.buffer.byteLength;
    if (missing > 0) {
      // As much again, so that a long event does not move with each of its pieces.
      memory.grow(Math.ceil((missing + length) / WASM_PAGE));
    }
    return Buffer.from(memory.buffer, TEXT.value, memory.buffer.byteLength - TEXT.value - MARGIN.value);
  }

  /**
   * Parses whole events, each with the comma before it, of the text from `start` up to `end`. The first has to follow the
   * change at `place`.
   */
  parse(start: number, end: number, place: ChangePlace, limits: ParseLimits): ParsedEvents {
    const module = this.#module;
    const text = module.TEXT.value;
    const { after, until, leases } = limits;
    module.follow(place.revision, place.sub);
    const stopped = module.run(text + start, text + end, after, until, leases === 'parsed' ? 1 : 0) - text;
    const { buffer } = module.memory;
    const count = module.records.value;
    return {
      end: stopped,
      revision: module.revision.value,
      sub: module.sub.value,
      records: {
        count,
        sizes: new Uint32Array(buffer, module.SIZES.value, count * 2),
        bytes: new Uint8Array(buffer, module.RECORDS.value, module.bytes.value),
      },
      leases: new BigInt64Array(buffer, module.LEASES.value, module.leases.value),
    };
  }
}
