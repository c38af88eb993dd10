import { stat } from 'node:fs/promises';

/**
 * Whether others could put something else in the place of what this user makes in a directory: it belongs neither to this user nor to
 * root, or others may write there and it is not sticky. A directory that cannot be looked at counts as such.
 */
export async function othersCanReplace(directory: string): Promise<boolean> {
  const facts = await stat(directory).catch(() => undefined);
  if (facts === undefined) {
    return true;
  }
  const isOwn = facts.uid === 0 || facts.uid === process.geteuid?.();
  const isClosed = (facts.mode & 0o022) === 0 || (facts.mode & 0o1000) !== 0;
  return !isOwn || !isClosed;
}
