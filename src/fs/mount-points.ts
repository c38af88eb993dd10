import { readFile } from 'node:fs/promises';

/** The field of a mount point in `/proc/self/mountinfo`, from 0. */
const POINT_FIELD = 4;

/** Absolute paths at which something is mounted, also a directory of the same volume; none where the system does not say. */
export async function mountPoints(file = '/proc/self/mountinfo'): Promise<readonly string[]> {
  return await pointsIn(file, POINT_FIELD);
}

/** The paths in one field of a table of mounts, in which odd characters are written as `\040`; none when it cannot be read. */
export async function pointsIn(file: string, field: number): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.trim().split(/\s+/)[field] ?? [])
    .map((point) =>
      point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .map((point) => (point.length > 1 ? point.replace(/\/+$/, '') : point));
}
