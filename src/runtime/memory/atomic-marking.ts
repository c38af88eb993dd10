import { setFlagsFromString } from 'node:v8';
import { CountedSwitch } from './counted-switch.ts';

/** The flag belongs to the process, and so does the count of its scopes. */
const marking = new CountedSwitch((to) =>
  setFlagsFromString(to === 'on' ? '--no-incremental-marking' : '--incremental-marking'),
);

/**
 * Until it is disposed of, V8 marks all garbage in one go instead of in small steps between the work. Where gigabytes pass
 * through buffers that costs far less: each 64 MiB of them begin a collection, which takes ten times as long in steps.
 * It stops the program for some 15 ms each time.
 */
export function atomicMarking(): Disposable {
  return marking.scope();
}
