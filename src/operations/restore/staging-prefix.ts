/**
 * How names of staging directories begin: in the data directory, or next to one of this name that does not exist yet.
 */
export function stagingPrefix(nextTo: string | undefined): string {
  return nextTo === undefined ? '.etcdbrctl-' : `.${nextTo}.etcdbrctl-`;
}
