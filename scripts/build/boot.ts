/**
 * The executable's main script: loads the chunks of the bundle from the executable's own assets, each when it is first
 * asked for, compiled from V8's cache. A chunk is a CommonJS body; besides other chunks it may ask for Node's modules.
 */
import { getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

type Require = (id: string) => unknown;
type ChunkBody = (exports: object, require: Require, module: { exports: unknown }) => void;

const loaded = new Map<string, { exports: unknown }>();

function load(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) {
    return known.exports;
  }
  // Chunks are ASCII, which one-byte decoding reads without a look at each byte.
  const source = Buffer.from(getRawAsset(name)).toString('latin1');
  const script = new Script(source, {
    filename: `etcdbrctl:${name}`,
    cachedData: Buffer.from(getRawAsset(`${name}.cache`)),
  });
  const body = script.runInThisContext() as ChunkBody;
  const module = { exports: {} };
  // Before it runs: chunks may ask for each other in a circle.
  loaded.set(name, module);
  body.call(module.exports, module.exports, requireFrom, module);
  return module.exports;
}

function requireFrom(id: string): unknown {
  if (id.startsWith('./')) {
    return load(id.slice(2));
  }
  const builtin: unknown = process.getBuiltinModule(id);
  if (builtin === undefined) {
    throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' });
  }
  return builtin;
}

load('main.js');
