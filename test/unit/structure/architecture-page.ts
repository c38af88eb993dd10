import { readFileSync } from 'node:fs';
import { projectRoot } from '../../../scripts/lab/project-root.ts';

/** What docs/architecture.md says of the rooms of src. */
export interface ArchitecturePage {
  /** Folders, each with a slash at its end, and files of src itself. */
  readonly tree: readonly string[];
  /** Which rooms a room may import, both by the first part of their path below src. */
  readonly directions: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads the tree and the table of directions out of the page. */
export function readArchitecturePage(): ArchitecturePage {
  const page = readFileSync(`${projectRoot}docs/architecture.md`, 'utf8');
  const tree = [...page.matchAll(/^(src\/\S*)/gm)].map(([, path = '']) => path);
  const rows = page.matchAll(/^\| `([a-z-]+)` *\|([^|]*)\|$/gm);
  const directions = [...rows].map(
    ([, room = '', others = '']) => [room, new Set(others.split(',').flatMap((name) => name.trim() || []))] as const,
  );
  return { tree, directions: new Map(directions) };
}
