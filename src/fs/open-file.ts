import type { Stats } from 'node:fs';
import { constants, type FileHandle, open, stat } from 'node:fs/promises';

/** A path that was to be a file and is a pipe, a device, a socket or a directory. */
export class NotAFile extends Error {
  /** As errors of the operating system have it. */
  readonly code = 'not_a_file';
  readonly syscall = 'open';
  readonly path: string;
  /** What it is: `a pipe`. */
  readonly kind: string;

  constructor(path: string, kind: string) {
    super(`${path} is ${kind}, not a file`);
    this.name = 'NotAFile';
    this.path = path;
    this.kind = kind;
  }
}

/** How a file is opened. */
export interface OpenRules {
  /** `read` by default; for `update` and `write` a symbolic link at the end of the path is refused (`ELOOP`). */
  readonly access?: 'read' | 'update' | 'write';
  /** Whether a symbolic link at the end of the path is followed; only for `read`, where it is by default. */
  readonly links?: 'followed' | 'refused';
}

/**
 * Opens what must be a regular file, without ever waiting: a pipe or a device in its place is refused before it is opened, and once
 * more when it took the place of the file meanwhile. `update` reads and writes a file that exists; `write` makes it (0600) or
 * empties it. Throws {@link NotAFile}, or what the operating system says.
 */
export async function openFile(file: string, rules: OpenRules = {}): Promise<FileHandle> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    throw new NotAFile(file, kindOf(found));
  }
  const handle = await open(file, flagsOf(rules), 0o600);
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) {
      throw new NotAFile(file, kindOf(opened));
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** What a file is, with its article. */
export function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  if (found.isDirectory()) return 'a directory';
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isFile() ? 'a file' : 'a device';
}

function flagsOf({ access = 'read', links = 'followed' }: OpenRules): number {
  const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  const always = O_NONBLOCK | O_NOCTTY;
  switch (access) {
    case 'read':
      return O_RDONLY | always | (links === 'refused' ? O_NOFOLLOW : 0);
    case 'update':
      return O_RDWR | always | O_NOFOLLOW;
    case 'write':
      return O_WRONLY | O_CREAT | O_TRUNC | always | O_NOFOLLOW;
    default:
      return access satisfies never;
  }
}
