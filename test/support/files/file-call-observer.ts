import fs from 'node:fs';
import promises, { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** A request of the program to the file system, before it is made. */
export interface FileCall {
  /** Name of Node's function, such as `open`; of a method of an open file, with a dot: `.write`. */
  readonly name: string;
  /** What is asked for; undefined for an open file. */
  readonly path: string | undefined;
}

/**
 * Sees each call before it is made; what it throws is what the call ends with. `half` has a call that reads or writes bytes of an open
 * file do so with half of them only, as the system may.
 */
export type FileCallObserver = (call: FileCall) => 'half' | undefined;

const calls = {
  promises: [
    ...['access', 'chmod', 'chown', 'copyFile', 'lchown', 'link', 'lstat', 'lutimes', 'mkdir', 'mkdtemp', 'open'],
    ...['readFile', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink'],
    ...['truncate', 'unlink', 'utimes', 'writeFile'],
  ],
  /** Read streams use those with a callback. */
  callbacks: ['open', 'read', 'close'],
  synchronous: ['openSync', 'readFileSync', 'readSync', 'readdirSync', 'readlinkSync', 'statSync', 'lstatSync'],
  opened: [
    ...['appendFile', 'chmod', 'chown', 'datasync', 'read', 'readFile', 'readv', 'stat', 'sync', 'truncate', 'utimes'],
    ...['write', 'writeFile', 'writev'],
  ],
} as const;

type Functions = Record<string, (this: unknown, ...args: unknown[]) => unknown>;

/**
 * Shows `observe` every call of this process to the file system, but those of `observe` itself. Disposing ends that.
 * Only one may be in use at a time.
 */
export async function observeFileCalls(observe: FileCallObserver): Promise<Disposable> {
  using undo = new DisposableStack();
  let observing = false;
  const look = (name: string, first: unknown, kind: keyof typeof calls): 'half' | undefined => {
    if (observing) {
      return undefined;
    }
    observing = true;
    try {
      const ofPath = kind !== 'opened' && (typeof first === 'string' || first instanceof URL || Buffer.isBuffer(first));
      const seen = observe({ name: kind === 'opened' ? `.${name}` : name, path: ofPath ? String(first) : undefined });
      return /^(read|write|writev)$/.test(name) ? seen : undefined;
    } finally {
      observing = false;
    }
  };
  const wrap = (owner: object, kind: keyof typeof calls): void => {
    const functions = owner as Functions;
    for (const name of calls[kind]) {
      const original = functions[name];
      if (original === undefined) {
        continue;
      }
      functions[name] = wrapped(kind, original, (first) => look(name, first, kind));
      undo.defer(() => {
        functions[name] = original;
      });
    }
  };
  wrap(promises, 'promises');
  wrap(fs, 'callbacks');
  wrap(fs, 'synchronous');
  const handle = await open('/dev/null');
  wrap(Object.getPrototypeOf(handle) as object, 'opened');
  await handle.close();
  syncBuiltinESMExports();
  const held = undo.move();
  return {
    [Symbol.dispose]: () => {
      held.dispose();
      syncBuiltinESMExports();
    },
  };
}

function wrapped(
  kind: keyof typeof calls,
  original: Functions[string],
  look: (first: unknown) => 'half' | undefined,
): Functions[string] {
  switch (kind) {
    case 'promises':
      return async function (this: unknown, ...args) {
        look(args[0]);
        return await original.apply(this, args);
      };
    case 'opened':
      return async function (this: unknown, ...args) {
        return await original.apply(this, look(args[0]) === 'half' ? halved(args) : args);
      };
    case 'synchronous':
      return function (this: unknown, ...args) {
        look(args[0]);
        return original.apply(this, args);
      };
    case 'callbacks':
      return function (this: unknown, ...args) {
        try {
          look(args[0]);
        } catch (error) {
          const done = args.at(-1) as (error: unknown) => void;
          process.nextTick(done, error);
          return undefined;
        }
        return original.apply(this, args);
      };
    default:
      return kind satisfies never;
  }
}

/** The arguments of `read`, `write` or `writev` for half of the bytes; those of other calls, and of less than two bytes, as they are. */
function halved(args: readonly unknown[]): unknown[] {
  const [first, offset, length, position] = args;
  if (Array.isArray(first) && first.length > 1) {
    return [first.slice(0, Math.floor(first.length / 2)), ...args.slice(1)];
  }
  if (!ArrayBuffer.isView(first) || typeof offset === 'object') {
    return [...args];
  }
  const from = typeof offset === 'number' ? offset : 0;
  const whole = typeof length === 'number' ? length : first.byteLength - from;
  return whole < 2 ? [...args] : [first, from, Math.floor(whole / 2), position];
}
