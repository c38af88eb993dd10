/**
 * Compiles every chunk (`*.js`) of a directory and writes what V8 made of it next to it, as `NAME.js.cache`. V8 ignores a
 * cache of another version, of another processor, or made with other flags.
 *
 * Runs in a process of its own, with `--random-seed`: the caches contain V8's hashes of names, which differ from one
 * process to the next without it. This flag is no part of what V8 compares, so the executable needs none.
 *
 * Argument: the directory.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * Characters. Chunks up to this size are compiled with all their functions, so that a start compiles nothing; larger ones
 * are SDKs, of which a run uses little: their functions are compiled when they are called.
 */
const EAGER_LIMIT = 200_000;

function compile(name: string, source: string): Script {
  const eager = source.length <= EAGER_LIMIT;
  if (eager) {
    setFlagsFromString('--no-lazy');
  }
  try {
    return new Script(source, { filename: `etcdbrctl:${name}` });
  } finally {
    // Before the cache is made: V8 compares the flags of that moment.
    setFlagsFromString('--lazy');
  }
}

const [directory = ''] = process.argv.slice(2);
// What was compiled before shows in a cache, so the order is fixed.
for (const name of readdirSync(directory).toSorted()) {
  if (name.endsWith('.js')) {
    const script = compile(name, readFileSync(join(directory, name), 'latin1'));
    writeFileSync(join(directory, `${name}.cache`), script.createCachedData());
  }
}
