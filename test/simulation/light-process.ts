import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';
import vm from 'node:vm';
import { makeSignalsLight } from './light-abort.ts';

/** Files of the system that are the same for as long as a process runs. */
const lasting: ReadonlySet<unknown> = new Set([
  '/proc/sys/kernel/random/boot_id',
  '/proc/self/mountinfo',
  `/proc/${process.pid}/stat`,
]);

/**
 * They are read for every directory and every temporary file. Where the process lies in memory is read for every full, which takes the system
 * longer than the full itself; what is let go of the executable then comes back page by page. So it seems to lie nowhere.
 */
function rememberSystemFiles(): void {
  const read = fs.readFileSync;
  const known = new Map<unknown, unknown>([['/proc/self/smaps', '']]);
  Object.assign(fs, {
    readFileSync: (...given: Parameters<typeof read>): unknown => {
      const [file] = given;
      const text = known.get(file) ?? read(...given);
      if (lasting.has(file)) {
        known.set(file, text);
      }
      return text;
    },
  });
}

/**
 * From now on this process collects garbage as V8 sees fit, and errors do not say where they were made: what a program that moves
 * gigabytes does about its memory would be most of the work of one that moves kilobytes.
 */
export function makeProcessLight(): void {
  Object.assign(v8, { setFlagsFromString: () => undefined });
  Object.assign(vm, { runInNewContext: () => () => undefined });
  rememberSystemFiles();
  syncBuiltinESMExports();
  // What is random hides things from clients, or is in names of files that nobody else has: no life depends on it.
  let next = 0;
  Object.assign(globalThis.crypto, {
    getRandomValues: <T extends ArrayBufferView>(view: T): T => {
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(++next);
      return view;
    },
  });
  makeSignalsLight();
  Error.stackTraceLimit = 0;
}
