import { readFileSync } from 'node:fs';
import { getRawAsset, isSea } from 'node:sea';

/** How to find a WebAssembly module that imports nothing. */
export interface WasmSource {
  /** Name of the asset in the single executable. */
  readonly asset: string;
  /** Its file in a checkout, which `make install` compiles. */
  readonly file: () => string;
}

/** Memory of an instance. Its buffer is another one after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): number;
}

/** A variable that an instance exports. */
export interface WasmNumber {
  readonly value: number;
}

/** As much of the global `WebAssembly` as is used here; Node's types leave it to those of browsers. */
interface WasmEngine {
  readonly Module: new (bytes: ArrayBuffer | Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** The exports of a new instance of a module, with memory of its own. */
export function instantiate(source: WasmSource): unknown {
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: WasmEngine };
  const bytes = isSea() ? getRawAsset(source.asset) : readFileSync(source.file());
  return new engine.Instance(new engine.Module(bytes), {}).exports;
}
