import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** A process that holds a lock on a file. */
export interface LockHolder {
  readonly pid: number;
  /** The program's file name; undefined when it cannot be read. */
  readonly command: string | undefined;
}

/** Which file is meant, whatever its name. */
export interface LockedInode {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The process that holds a flock on a file, from Linux's /proc/locks, which lists the processes of this pid namespace only.
 * Undefined when none of those holds it, and where there is no /proc/locks.
 */
export async function findLockHolder(file: string | LockedInode): Promise<LockHolder | undefined> {
  const [table, { dev, ino }] = await Promise.all([
    readFile('/proc/locks', 'utf8').catch(() => ''),
    typeof file === 'string' ? stat(file, { bigint: true }) : file,
  ]);
  const wanted = `${deviceOf(dev)}:${ino}`;
  for (const line of table.split('\n')) {
    // 1: FLOCK  ADVISORY  WRITE 1234 08:01:4711 0 EOF; lines of waiting processes have an arrow after the number.
    const match = /^\d+: FLOCK +\S+ +\S+ +(\d+) (\S+) /.exec(line);
    if (match?.[2] === wanted) {
      const pid = Number(match[1]);
      // Only the program: its arguments may hold secrets.
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid, command: path.basename(command.split('\0')[0] ?? '') || undefined };
    }
  }
  return undefined;
}

/** MAJOR:MINOR in hexadecimal, by the rules of glibc's gnu_dev_major and gnu_dev_minor. */
function deviceOf(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
