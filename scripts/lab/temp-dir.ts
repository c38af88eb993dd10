import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A scratch directory that is gone at the end of its `using` scope, or at the latest when the process exits. */
export interface TempDir extends AsyncDisposable, Disposable {
  /** Absolute path. */
  readonly path: string;
  /** The path of `segments` below the directory; nothing is created. */
  join(...segments: readonly string[]): string;
}

const live = new Set<string>();

function remove(path: string): void {
  if (live.delete(path)) {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  }
}

process.once('exit', () => {
  for (const path of live) {
    remove(path);
  }
});

/** Creates a scratch directory (0700) below the system's temporary directory, or below `parent`. */
export function makeTempDir(options: { readonly parent?: string } = {}): TempDir {
  const path = mkdtempSync(join(options.parent ?? tmpdir(), 'etcdbrctl-test-'));
  live.add(path);
  return {
    path,
    join: (...segments) => join(path, ...segments),
    [Symbol.dispose]: () => remove(path),
    [Symbol.asyncDispose]: () => Promise.resolve(remove(path)),
  };
}
