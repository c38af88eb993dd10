import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from './errno.ts';

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** Where a path leads. */
export interface RealLocation {
  /** Absolute, without links. It need not exist. */
  readonly path: string;
  /** The links that were followed, and the users they belong to. */
  readonly links: readonly { readonly path: string; readonly uid: number }[];
}

/**
 * Finds where a path leads, link by link: all spellings of a place give the same one, also those through a link whose target is
 * missing. Throws what the operating system says, such as `ENOTDIR` or `ELOOP`.
 */
export async function realLocation(file: string): Promise<RealLocation> {
  const links: { path: string; uid: number }[] = [];
  const rest = partsOf(path.resolve(file));
  let at = '/';
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = path.join(at, part);
    const found = await lstat(next).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) {
        throw error;
      }
    });
    if (found?.isSymbolicLink() !== true) {
      at = next;
      continue;
    }
    links.push({ path: next, uid: found.uid });
    if (links.length > MOST_LINKS) {
      throw Object.assign(new Error(`ELOOP: too many links, open '${file}'`), { code: 'ELOOP', syscall: 'open' });
    }
    const target = await readlink(next);
    rest.unshift(...partsOf(target));
    at = path.isAbsolute(target) ? '/' : at;
  }
  return { path: at, links };
}

/**
 * Of the links to a place that belongs to the user `owner`, one that must not be followed as root: it belongs to somebody else than root
 * and that owner. Undefined for every other user, who reaches nothing through a link that is not open to that user anyway.
 */
export function linkAstray(
  { links }: Pick<RealLocation, 'links'>,
  owner: number,
): RealLocation['links'][number] | undefined {
  return process.geteuid?.() === 0 ? links.find(({ uid }) => uid !== 0 && uid !== owner) : undefined;
}

function partsOf(file: string): string[] {
  return file.split('/').filter((part) => part !== '' && part !== '.');
}
