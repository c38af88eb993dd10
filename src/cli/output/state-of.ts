import { parseRelativeKey } from '../../snapshot/name.ts';

/**
 * When the state was there that these snapshots, in the order they are used, lead to: RFC 3339 in UTC. It is the time in the name
 * of the last one, which holds no later change. Undefined without one, as for a file.
 */
export function stateOf(names: readonly string[]): string | undefined {
  const last = names.at(-1);
  const parsed = last === undefined ? undefined : parseRelativeKey(`v2/${last}`);
  return parsed?.outcome === 'snapshot'
    ? new Date(parsed.snapshot.createdOn * 1_000).toISOString().replace('.000Z', 'Z')
    : undefined;
}
