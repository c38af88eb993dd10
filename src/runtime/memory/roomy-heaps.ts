import { setFlagsFromString } from 'node:v8';
import { CountedSwitch } from './counted-switch.ts';

/** MiB of old objects, which is no memory yet. */
const ROOM = 64;

/** The flag belongs to the process, and so does the count of its scopes. */
const room = new CountedSwitch((to) => setFlagsFromString(`--initial-old-space-size=${to === 'on' ? ROOM : 0}`));

/**
 * Until it is disposed of, threads that start have room for 64 MiB of old objects before V8 collects all garbage for the first time. In a
 * thread that mostly passes buffers on, few objects get old, and V8 takes that as a reason to give it hardly any room: it collects all
 * of a few MiB again and again, for 20 ms each time.
 */
export function roomyHeaps(): Disposable {
  return room.scope();
}
