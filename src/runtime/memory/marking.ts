import { setFlagsFromString } from 'node:v8';

/**
 * Until it is disposed of, V8 collects garbage at once instead of in small steps beside the work. Where gigabytes go through
 * buffers that costs far less: each 64 MiB of them begin a collection, and in steps one takes ten times as long.
 * It stops the program for some 15 ms each time.
 */
export function markingAtOnce(): Disposable {
  setFlagsFromString('--no-incremental-marking');
  return { [Symbol.dispose]: () => setFlagsFromString('--incremental-marking') };
}
