/**
 * Runs one command as the executable would, and writes V8's caches of the chunks it loaded as they are at the end: with
 * the functions that ran, which the executable then need not compile again.
 *
 * Arguments: directory of the assets, directory for the caches, the command line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

type ChunkBody = (exports: object, require: (id: string) => unknown, module: { exports: unknown }) => void;

const [assets = '', caches = '', ...argv] = process.argv.slice(2);
process.argv.splice(1, process.argv.length, 'etcdbrctl', ...argv);

const scripts = new Map<string, Script>();
const loaded = new Map<string, { exports: unknown }>();

/** The same as in boot.ts, but compiled here and now. */
function load(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) {
    return known.exports;
  }
  const script = new Script(readFileSync(join(assets, name), 'latin1'), { filename: `etcdbrctl:${name}` });
  scripts.set(name, script);
  const body = script.runInThisContext() as ChunkBody;
  const module = { exports: {} };
  loaded.set(name, module);
  body.call(module.exports, module.exports, requireFrom, module);
  return module.exports;
}

/** What the program finds in place of Node's module about single executables. */
const executable = {
  isSea: (): boolean => true,
  getAsset: (name: string): string => readFileSync(join(assets, name), 'utf8'),
  getRawAsset: (name: string): ArrayBuffer => Uint8Array.from(readFileSync(join(assets, name))).buffer,
};

function requireFrom(id: string): unknown {
  if (id.startsWith('./')) {
    return load(id.slice(2));
  }
  return id === 'node:sea' ? executable : process.getBuiltinModule(id);
}

process.on('exit', (code) => {
  if (code === 0) {
    for (const [name, script] of scripts) {
      writeFileSync(join(caches, `${name}.cache`), script.createCachedData());
    }
  }
});
load('main.js');
