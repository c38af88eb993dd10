import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that may become garbage before the young objects are looked through for their buffers: a millisecond. */
const YOUNG_AFTER = 4 * 1024 * 1024;

/** Bytes that may become garbage before all objects are looked through for buffers that were young for too long: 20 ms. */
const ALL_AFTER = 64 * 1024 * 1024;

/**
 * Has buffers collected that bytes on their way leave behind. V8 looks for garbage when its own heap has grown; a buffer is a small
 * object there however large it is, and tens of megabytes pile up otherwise.
 */
export class BufferGarbage {
  readonly #collect = collector();
  #sinceYoung = 0;
  #sinceAll = 0;

  /** Tells that so many bytes went through buffers nobody will look at again. */
  left(bytes: number): void {
    this.#sinceYoung += bytes;
    this.#sinceAll += bytes;
    if (this.#sinceAll >= ALL_AFTER) {
      this.#sinceYoung = 0;
      this.#sinceAll = 0;
      this.#collect({ type: 'major', execution: 'sync' });
    } else if (this.#sinceYoung >= YOUNG_AFTER) {
      this.#sinceYoung = 0;
      this.#collect({ type: 'minor', execution: 'sync' });
    }
  }

  /** Collects all there is: between two stages of work, of which the next should find the memory of the last. */
  collect(): void {
    this.#sinceYoung = 0;
    this.#sinceAll = 0;
    this.#collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
}

/**
 * V8's function to collect garbage, which new contexts have while a flag is set. It must not stay set, nor be given when the
 * program is started: V8 takes compiled code only under the flags with which that was made.
 */
function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as NodeJS.GCFunction;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
