import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds at one moment. */
export interface ProcessSample {
  /** Bytes, those of the program's own file included, which the kernel can drop at any time. */
  readonly rss: number;
  /** Bytes that it took for itself. */
  readonly own: number;
  /** Open file descriptors. */
  readonly handles: number;
  /** User and system time since its start, ms, in steps of the kernel's clock (10 ms). */
  readonly cpuMs: number;
}

const clockTicksPerSecond = 100;

/** Asks the kernel, see proc(5). Throws when there is no such process. */
export function sampleProcess(pid: number): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the name in parentheses: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 13).reduce((sum, field) => sum + Number(field), 0);
  return {
    rss: bytes('VmRSS'),
    own: bytes('RssAnon'),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    cpuMs: (ticks * 1000) / clockTicksPerSecond,
  };
}
