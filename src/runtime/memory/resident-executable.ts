import { readFile } from 'node:fs/promises';
import { execPath } from 'node:process';
import { nativeExports } from '../process/native-module.ts';
import type { RunContext } from '../run-context.ts';

/** A part of the address space. */
export interface MappedRange {
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

type DropPages = (start: number, length: number) => number;

/** The first release comes when a start is over, later ones now and then, ms. */
const firstAfterMs = 30_000;
const periodMs = 10 * 60_000;

/** Smaller parts are not released: they are not worth a call, bytes. */
const leastResident = 256 * 1024;

/**
 * Releases the pages of the executable that are in memory only because the start needed them: they count as memory of the process, and come
 * back from the page cache when they are touched. Does nothing where the system or its rights do not allow it.
 */
export async function releaseExecutablePages(): Promise<void> {
  const maps = await readFile('/proc/self/smaps', 'utf8').catch(() => undefined);
  const dropPages = maps === undefined ? undefined : await loadDropPages();
  if (maps === undefined || dropPages === undefined) {
    return;
  }
  for (const { start, length } of cleanRanges(maps, execPath)) {
    dropPages(start, length);
  }
}

/** Does {@link releaseExecutablePages} again and again until the signal aborts; for a process that idles most of its time. */
export async function keepExecutablePagesFew({ clock, signal }: Pick<RunContext, 'clock' | 'signal'>): Promise<void> {
  try {
    for (let waitMs = firstAfterMs; ; waitMs = periodMs) {
      await clock.sleep(waitMs, signal);
      await releaseExecutablePages();
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/**
 * The parts of a process where `file` is mapped, that cannot be written, and that were never written, as proc_pid_smaps(5) lists them:
 * pages that were written would be lost.
 */
export function cleanRanges(smaps: string, file: string): readonly MappedRange[] {
  const ranges: MappedRange[] = [];
  for (const entry of smaps.split(/^(?=[\da-f]+-[\da-f]+ )/m)) {
    const header = /^([\da-f]{1,12})-([\da-f]{1,12}) (r-xp|r--p) \S+ \S+ \d+ +(.*)$/m.exec(entry);
    const kibibytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(entry)?.[1]);
    if (
      header?.[4] === file &&
      kibibytes('Private_Dirty') === 0 &&
      kibibytes('Shared_Dirty') === 0 &&
      kibibytes('Anonymous') === 0 &&
      kibibytes('Rss') * 1024 >= leastResident
    ) {
      const start = Number.parseInt(header[1] ?? '', 16);
      ranges.push({ start, length: Number.parseInt(header[2] ?? '', 16) - start });
    }
  }
  return ranges;
}

async function loadDropPages(): Promise<DropPages | undefined> {
  return (await nativeExports<{ readonly dropPages: DropPages }>('pages', 'dropPages'))?.dropPages;
}
