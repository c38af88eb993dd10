/**
 * The executable's main script: loads the chunks of the bundle from the pack of them, each when it is first asked for, compiled
 * from V8's cache. A chunk is a CommonJS body; besides other chunks it may ask for Node's modules.
 */
import { getAsset, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';
import { chunkHelpers } from './chunk-helpers.ts';
import { type ChunkPlace, packAssets } from './chunk-pack.ts';

type Require = (id: string) => unknown;
type ChunkBody = (
  exports: object,
  require: Require,
  module: { exports: unknown },
  ...helpers: readonly unknown[]
) => void;

const pack = getRawAsset(packAssets.pack) as ArrayBuffer;
const places = JSON.parse(getAsset(packAssets.places, 'utf8')) as Readonly<Record<string, ChunkPlace>>;
const loaded = new Map<string, { exports: unknown }>();
const helpers = Object.values(chunkHelpers);

function load(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) {
    return known.exports;
  }
  const place = places[name];
  if (place === undefined) {
    throw new Error(`the executable has no chunk ${name}`);
  }
  const [sourceAt, sourceLength, codeAt, codeLength] = place;
  // Chunks are ASCII, which one-byte decoding reads without a look at each byte.
  const source = Buffer.from(pack, sourceAt, sourceLength).toString('latin1');
  const script = new Script(source, {
    filename: `etcdbrctl:${name}`,
    cachedData: Buffer.from(pack, codeAt, codeLength),
  });
  const body = script.runInThisContext() as ChunkBody;
  const module = { exports: {} };
  // Before it runs: chunks may ask for each other in a circle.
  loaded.set(name, module);
  body.call(module.exports, module.exports, requireFrom, module, ...helpers);
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
