/** What a store is to the running command: its own, the one a copy reads from, or the second one backups are copied to. */
export type StoreRole = 'primary' | 'source' | 'secondary';

/** All of them. */
export const storeRoles = ['primary', 'source', 'secondary'] as const satisfies readonly StoreRole[];

const prefixes: Readonly<Record<StoreRole, string>> = { primary: '', source: 'SOURCE_', secondary: 'SECONDARY_' };

/** What the names of environment variables that belong to a store of this role begin with. */
export function variablePrefix(role: StoreRole): string {
  return prefixes[role];
}
