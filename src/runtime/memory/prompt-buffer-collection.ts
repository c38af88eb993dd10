import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type BufferCollection, BufferCollector, type CollectGarbage } from './buffer-collector.ts';

/** Garbage belongs to the process, and so does its count. */
const collector = new BufferCollector(garbageCollection);

/** Until it is disposed of, buffers that are said to be discarded are collected after some megabytes. */
export function promptBufferCollection(): BufferCollection {
  return collector.begin();
}

/**
 * V8's function to collect garbage, which new contexts have while a flag is set. The flag must not stay set, nor be set when the program
 * starts: V8 takes compiled code only under the flags with which it was compiled.
 */
function garbageCollection(): CollectGarbage {
  setFlagsFromString('--expose-gc');
  try {
    const gc = runInNewContext('gc') as NodeJS.GCFunction;
    return (what) => {
      switch (what) {
        case 'young':
          gc({ type: 'minor', execution: 'sync' });
          break;
        case 'all':
          gc({ type: 'major', execution: 'sync' });
          break;
        case 'all and memory':
          gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
          break;
        default:
          what satisfies never;
      }
    };
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
