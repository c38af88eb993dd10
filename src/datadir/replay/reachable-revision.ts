import { type Replay, replay } from './replay.ts';
import { applyEditions } from './version-rules.ts';

/** A log to follow, and the revision that would be enough. */
export interface Reach extends Omit<Replay, 'rules' | 'onChange'> {
  /** Nothing more is tried once this revision is reached; without it, every edition of the rules is tried. */
  readonly enough?: number;
}

/**
 * The revision a log brings its db to. What some requests in the log do depends on the release of the etcd that
 * starts, which no file tells: this is the furthest any release arrives. Throws a `Damage`.
 */
export async function reachableRevision({ enough = Number.POSITIVE_INFINITY, ...files }: Reach): Promise<number> {
  let furthest = 0;
  for (const { rules } of applyEditions) {
    const reached = await replay({ ...files, rules });
    furthest = Math.max(furthest, reached.revision);
    if (!reached.debatable || furthest >= enough) {
      break;
    }
  }
  return furthest;
}
