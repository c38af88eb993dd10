import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { nativeExports } from './native-module.ts';

type BindToCore = (thread: number, core: number) => number;

/** The native module handles no more cores than glibc does. */
const mostCores = 1_024;

/**
 * Gives the function that binds a process that was just started, with its threads and all later ones, to one of the cores that it may use,
 * chosen at random so that several processes do not share one. It is loaded beforehand, so that it acts at once. It returns whether the
 * process was bound: systems other than Linux cannot, and a container may forbid it.
 */
export async function loadCoreBinding(): Promise<(pid: number) => boolean> {
  const native = await nativeExports<{ readonly bindToCore: BindToCore }>('cores', 'bindToCore');
  if (native === undefined) {
    return () => false;
  }
  const { bindToCore } = native;
  return (pid) => {
    try {
      return bindAll(pid, bindToCore);
    } catch {
      // It has ended.
      return false;
    }
  };
}

/** The cores of a list of the kernel, such as `0-3,8` (see "Cpus_allowed_list" in proc_pid_status(5)). */
export function coresIn(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    return first === undefined
      ? []
      : Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at);
  });
}

function bindAll(pid: number, bindToCore: BindToCore): boolean {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
  const cores = coresIn(list).filter((core) => core < mostCores);
  // The first thread makes all others: what it makes from now on is bound. The list may name cores that are not there: those that a
  // virtual machine could get.
  const core = fromAnyOf(cores).find((each) => bindToCore(pid, each) === 0);
  if (core === undefined) {
    return false;
  }
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // One that has ended meanwhile needs no binding.
    bindToCore(Number(thread), core);
  }
  return true;
}

/** All of them, beginning with any one. */
function fromAnyOf(cores: readonly number[]): readonly number[] {
  const start = cores.length === 0 ? 0 : randomInt(cores.length);
  return [...cores.slice(start), ...cores.slice(0, start)];
}
