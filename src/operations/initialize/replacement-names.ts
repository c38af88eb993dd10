import { stagingPrefix } from '../restore/staging-prefix.ts';

/** Names of members that make room for another one begin with this, until it is in its place. */
export const OLD = 'member.old-';

/** Names of members that were moved aside begin with this. */
export const ASIDE = 'member.invalid-';

/** Whether an entry of a data directory is a member that made room for another one. */
export function isOldMember(name: string): boolean {
  return /^member\.old-\d+$/.test(name);
}

/** Whether the entries of a data directory show that a replacement was interrupted. */
export function showInterruption(names: readonly string[]): boolean {
  return names.some((name) => isOldMember(name) || name.startsWith(stagingPrefix(undefined)));
}
