import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { kindOf } from '../fs/open-file.ts';
import { Failure } from '../runtime/failure.ts';

/** Another run has the data directory. */
export function busy(
  dataDir: string,
  { action, pid }: { readonly action: string; readonly pid: number | undefined },
): Failure {
  const who = pid === undefined ? 'another run, in another container,' : `another run (pid ${pid})`;
  return new Failure({
    code: 'data_dir_busy',
    action,
    object: dataDir,
    found: `${who} is restoring or checking it`,
    remedy: 'wait until that has ended; nothing was changed',
  });
}

/** The data directory is another one than when the run began. */
export function changed(dataDir: string, action: string): Failure {
  return new Failure({
    code: 'data_dir_changed',
    action,
    object: dataDir,
    found: 'it, or a directory above it, was moved or replaced meanwhile',
    remedy: 'leave it alone until the run has ended, and try again',
  });
}

/** A file is where the data directory, or a directory above it, would be; undefined when there is none any more. */
export async function notADirectory(dataDir: string, action: string): Promise<Failure | undefined> {
  const whole = path.resolve(dataDir);
  for (let at = whole; at !== path.dirname(at); at = path.dirname(at)) {
    const found = await lstat(at).catch(() => undefined);
    if (found?.isDirectory() === true) {
      return undefined;
    }
    if (found !== undefined) {
      const subject = at === whole ? 'it' : at;
      return new Failure({
        code: 'not_a_directory',
        action,
        object: dataDir,
        found: `${subject} is ${kindOf(found)}, not a directory`,
        remedy: 'choose another path',
      });
    }
  }
  return undefined;
}
