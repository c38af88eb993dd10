import { Failure } from '../failure.ts';
import { systemCode } from '../system-error.ts';
import type { StandardStream } from './standard-stream.ts';

/** Where results are written: stdout, or a recorder in tests. */
export interface ResultOutput {
  /** Resolves when all of the text was taken. Throws a {@link Failure} `result_unwritten` when it cannot be. */
  write(text: string | Uint8Array): Promise<void>;
}

/** What the errors of a write mean to the person who reads them. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left there',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'no file may be this large there',
  EIO: 'the device reports an error',
  EBADF: 'stdout is not open for writing',
};

/** Results go to `stream`. When its reader has gone, as `head` does, the rest is dropped. */
export function resultOutput(stream: StandardStream): ResultOutput {
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error === undefined || codeOf(error) === 'EPIPE') {
            resolve();
          } else {
            reject(unwritten(error));
          }
        });
      }),
  };
}

function unwritten(error: Error): Failure {
  const code = codeOf(error);
  const known = refusals[code];
  return new Failure({
    code: 'result_unwritten',
    action: 'write',
    object: 'the result',
    found: `${known ?? 'it was refused'} (${code})`,
    remedy: 'send stdout elsewhere',
    cause: error,
  });
}

function codeOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return systemCode({ code, errno: 'errno' in error && typeof error.errno === 'number' ? error.errno : 0 });
}
