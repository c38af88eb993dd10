import type { Revision } from '../../revision.ts';
import { parseRelativeKey } from '../../snapshot/name.ts';

/**
 * The time of the state that these snapshots, in the order of their use, lead to: RFC 3339 in UTC. It is the time in the name of the last
 * one, which holds no later change; where only a part of it is used, the state is older. Undefined without a name, as for a file.
 */
export function stateTime(names: readonly string[], reached: Revision | undefined): string | undefined {
  const last = names.at(-1);
  const parsed = last === undefined ? undefined : parseRelativeKey(`v2/${last}`);
  if (parsed?.outcome !== 'snapshot') {
    return undefined;
  }
  const { createdOn, lastRevision } = parsed.snapshot;
  const taken = new Date(createdOn * 1_000).toISOString().replace('.000Z', 'Z');
  return reached !== undefined && reached < lastRevision ? `before ${taken}` : taken;
}
