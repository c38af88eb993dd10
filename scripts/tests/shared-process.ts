import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isErrno } from '../../src/fs/errno.ts';
import { ProcessTraces } from './process-traces.ts';
import { pauseTracking, resumeTracking } from './promise-tracking.ts';

/** The file that names the test files of a run, one a line. */
export const fileList = 'files';

/** Where a shared process writes down which file it runs, until it has run all. */
function noteOf(path: string): string {
  return `${path}.running`;
}

/** The test file in whose middle a shared process ended. Events of it may be lost: a process that ends does not send all. */
export function fileOfEnd(path: string): string | undefined {
  try {
    return readFileSync(noteOf(path), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Runs test files in this process, one after another, each as a suite with its path for a name, so that its hooks are its
 * own. Other processes run the others: each takes the next file of the list next to `path`, its own, that none has taken, `most`
 * of them: the heap of a process that runs hundreds is so large that searching it for garbage takes longer than the tests.
 * A file fails that leaves traces in the process, since these could help or harm the next.
 */
export async function runTestFiles(
  { path, most }: { readonly path: string; readonly most: number },
  suite: (name: string, body: () => Promise<void>) => Promise<void>,
): Promise<void> {
  // Node opens these when they are first used, and they stay open.
  for (const stream of ['stdin', 'stdout', 'stderr']) {
    Reflect.get(process, stream);
  }
  // What a test waits for need not keep the process alive, such as a thread: then the runner would take the wait for endless, and
  // run the other files before it is over. A wait that is endless ends by the runner's timeout.
  const alive = setInterval(() => undefined, 60_000);
  // What no test waited for: it happened while a file ran, since each ends before the next begins.
  let stray: unknown[] = [];
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error) => stray.push(error));
  }
  const directory = dirname(path);
  const files = readFileSync(join(directory, fileList), 'utf8').split('\n');
  let taken = 0;
  for (const [place, file] of files.entries()) {
    if (taken < most && take(join(directory, `taken-${place}`))) {
      taken += 1;
      writeFileSync(noteOf(path), file);
      resumeTracking();
      await suite(file, async () => {
        const traces = new ProcessTraces();
        await import(pathToFileURL(resolve(file)).href);
        after(async () => {
          // A turn for errors that are on their way.
          await setImmediate();
          const errors = stray;
          stray = [];
          assert.deepEqual(errors, [], 'errors that no test waited for');
          await traces.assertNone();
        });
        pauseTracking();
      });
    }
  }
  clearInterval(alive);
  rmSync(noteOf(path), { force: true });
}

/** Creates a file; gives false when another process has. */
function take(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'));
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) {
      return false;
    }
    throw error;
  }
}
