import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAddon } from './native-addon.ts';

type BindToCore = (thread: number, core: number) => number;

/** The native module knows no more, as glibc. */
const mostCores = 1_024;

/**
 * What binds a process that was just started, with all of its threads and those to come, to one core of those that it may use: any of
 * them, so that several do not meet at the same one. Loaded before, it acts at once. It says whether that was done: other systems than
 * Linux cannot, and a container may forbid it.
 */
export async function loadCoreBinding(): Promise<(pid: number) => boolean> {
  const addon = await loadAddon({
    asset: 'cores.node',
    file: () =>
      fileURLToPath(new URL(`../../../.cache/native/cores-${process.platform}-${process.arch}.node`, import.meta.url)),
  });
  const { exports } = addon.loaded ? addon : { exports: undefined };
  if (typeof exports !== 'object' || exports === null || !('bindToCore' in exports)) {
    return () => false;
  }
  const bindToCore = exports.bindToCore as BindToCore;
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
