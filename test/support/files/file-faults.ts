import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { type FileCall, observeFileCalls } from './file-call-observer.ts';
import { OpenedFiles } from './opened-files.ts';

/** What a call to the file system may end with; `half`: it reads or writes only half of its bytes. */
export const fileFaults = [
  ...([
    'ENOSPC',
    'EACCES',
    'ENOENT',
    'EISDIR',
    'ENOTDIR',
    'EROFS',
    'EDQUOT',
    'EIO',
    'EMFILE',
    'ENOLCK',
    'ESTALE',
  ] as const),
  'half',
] as const;

/** One of them. */
export type FileFault = (typeof fileFaults)[number];

/** Each call is tried with one of the faults in turn; with `FILE_ERRORS=all`, with each of them. */
export function faultsOfCall(at: number): readonly FileFault[] {
  return process.env['FILE_ERRORS'] === 'all' ? fileFaults : [fileFaults[at % fileFaults.length] ?? 'EIO'];
}

/**
 * Runs `work` with a fault in its call number `at` to the file system, from 1, or in every one; gives the calls that were made. Fails when a
 * file stays open.
 */
export async function withFileFault(
  { at, fault }: { readonly at: number | 'every' | undefined; readonly fault: FileFault },
  work: () => Promise<void>,
): Promise<readonly FileCall[]> {
  const calls: FileCall[] = [];
  using opened = new OpenedFiles();
  using _ = await observeFileCalls((call) => {
    calls.push(call);
    if (calls.length !== at && at !== 'every') {
      return undefined;
    }
    if (fault === 'half') {
      return 'half';
    }
    throw refusal(call, fault);
  });
  await work();
  const call = typeof at === 'number' ? calls[at - 1] : undefined;
  await opened.untilClosed(`${fault} in call ${at}, ${call?.name} ${call?.path ?? ''},`);
  return calls;
}

function refusal({ name, path }: FileCall, code: Exclude<FileFault, 'half'>): Error {
  const syscall = name.replace(/^\.|Sync$/g, '');
  const where = path === undefined ? '' : ` '${path}'`;
  const errno = -constants.errno[code];
  // Node has no names for some: then its errors look like this.
  const known = getSystemErrorMap().has(errno) ? code : `Unknown system error ${errno}`;
  return Object.assign(new Error(`${known}: as the system says it, ${syscall}${where}`), {
    code: known,
    syscall,
    errno,
    ...(path === undefined ? {} : { path }),
  });
}

/** Fails when a text has the words of the operating system, or a stack trace. */
export function assertOwnWords(text: string, what: string): void {
  assert.doesNotMatch(
    text,
    /as the system says it|Unknown system|\bE[A-Z]{3,}: |, [a-z]+ '|\n {4}at |unexpected fault/,
    what,
  );
}
