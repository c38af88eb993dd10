import { fileURLToPath } from 'node:url';
import type { ChangeEncoder } from '../datadir/mvcc/change-encoder.ts';
import type { FastDeltaParser } from '../snapshot/delta/fast-parser.ts';
import { instantiate, type WasmMemory, type WasmNumber } from '../wasm/loader.ts';

// Areas of the module's memory, see src/wasm/assembly/delta-parser.ts.
const SIZES = 0x10000;
const LEASES = 0x30000;
const RECORDS = 0x40000;
const TEXT = 0xa0000;

/** Bytes behind the text that the module may write. */
const MARGIN = 1024;
const WASM_PAGE = 64 * 1024;

/** What src/wasm/assembly/delta-parser.ts exports. */
interface DeltaLaneExports {
  readonly memory: WasmMemory;
  readonly revision: WasmNumber;
  readonly sub: WasmNumber;
  readonly entries: WasmNumber;
  readonly bytes: WasmNumber;
  readonly leases: WasmNumber;
  follow(main: number, place: number): void;
  run(start: number, end: number, first: number, last: number, leased: number): number;
}

/** Which events a lane may take. */
export interface LaneOptions {
  /** Where their records go, behind those that are there. */
  readonly encoder: ChangeEncoder;
  /** Events up to this revision are left to others, */
  readonly after: number;
  /** and those beyond this one. */
  readonly until: number;
  /** Whether events that name leases are left to others as well. */
  readonly leases: 'taken' | 'left';
}

/** Memory and code in which events become records without a step in between; serves one delta after another. */
export class DeltaParser {
  readonly #module: DeltaLaneExports;

  constructor() {
    this.#module = instantiate({
      asset: 'delta-parser.wasm',
      file: () => fileURLToPath(new URL('../../.cache/native/delta-parser.wasm', import.meta.url)),
    }) as DeltaLaneExports;
  }

  /** A lane for the events of one delta, until the next is asked for. `open` says whether it may still take events. */
  for(options: LaneOptions, open: () => boolean): FastDeltaParser {
    return {
      memory: (length) => this.#memory(length),
      run: (start, end) => (open() ? this.#run(start, end, options) : start),
    };
  }

  #memory(length: number): Buffer {
    const { memory } = this.#module;
    const missing = TEXT + length + MARGIN - memory.buffer.byteLength;
    if (missing > 0) {
      // As much again, so that a long event does not move with each of its pieces.
      memory.grow(Math.ceil((missing + length) / WASM_PAGE));
    }
    return Buffer.from(memory.buffer, TEXT, memory.buffer.byteLength - TEXT - MARGIN);
  }

  #run(start: number, end: number, { encoder, after, until, leases }: LaneOptions): number {
    const module = this.#module;
    module.follow(encoder.revision, encoder.sub);
    const stopped = module.run(TEXT + start, TEXT + end, after, until, leases === 'taken' ? 1 : 0) - TEXT;
    const count = module.entries.value;
    if (count > 0) {
      const { buffer } = module.memory;
      encoder.addEncoded({
        records: {
          count,
          sizes: new Uint32Array(buffer, SIZES, count * 2),
          bytes: new Uint8Array(buffer, RECORDS, module.bytes.value),
        },
        revision: module.revision.value,
        sub: module.sub.value,
        leases: new BigInt64Array(buffer, LEASES, module.leases.value),
      });
    }
    return stopped;
  }
}
