import { type Replay, replay } from './replay.ts';
import { allVersionRules } from './version-rules.ts';

/** The log to apply, and when to stop. */
export interface ReachableRevisionOptions extends Omit<Replay, 'rules' | 'onChange'> {
  /** No more rules are tried once this revision is reached; left out, all are tried. */
  readonly enough?: number;
}

/**
 * The revision of a member once it has applied its log. The effect of some requests depends on the version of the etcd that
 * starts, which no file names, so this is the highest revision that any version reaches. Throws a `Damage`.
 */
export async function reachableRevision({
  enough = Number.POSITIVE_INFINITY,
  ...files
}: ReachableRevisionOptions): Promise<number> {
  let furthest = 0;
  for (const { rules } of allVersionRules) {
    const reached = await replay({ ...files, rules });
    furthest = Math.max(furthest, reached.revision);
    if (!reached.dependsOnVersion || furthest >= enough) {
      break;
    }
  }
  return furthest;
}
