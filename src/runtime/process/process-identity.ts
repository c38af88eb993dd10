import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What distinguishes one process from all others, also when its id is used again, and across containers and machines. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the start of the machine to that of the process; 0 where that is not known. */
  readonly startTicks: number;
  /** Eight hex digits of the machine since its start, and of the container: ids of processes have a meaning inside of it only. */
  readonly scope: string;
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? 0, scope: ownScope() };
}

/** Whether a process of this scope still runs. */
export function isRunning({ pid, startTicks }: Pick<ProcessIdentity, 'pid' | 'startTicks'>): boolean {
  const ticks = startTicksOf(pid);
  if (ticks !== undefined) {
    return ticks === startTicks || startTicks === 0;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process says EPERM.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat, see proc(5); the name in field 2 may hold blanks and brackets. */
function startTicksOf(pid: number): number | undefined {
  const text = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const ticks = Number(text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

function ownScope(): string {
  const boot = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? hostname();
  const container = textOf(() => readlinkSync('/proc/self/ns/pid')) ?? '';
  return createHash('sha256').update(`${boot} ${container}`).digest('hex').slice(0, 8);
}

function textOf(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
