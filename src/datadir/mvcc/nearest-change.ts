import type { Database } from '../bbolt/database.ts';
import { changeAt } from './history-leaves.ts';
import { encodeRevisionKey, REVISION_KEY_SIZE } from './revision-key.ts';

/** The place of a record in the history of a database. */
export interface NearestChange {
  readonly main: number;
  /** It has no key: a restore has raised the revisions of the database to this one (`--bump-revision`). */
  readonly isRaise: boolean;
}

/** The first record of a database from revision `main` on; undefined when none follows. Throws Damage. */
export async function firstChangeFrom(
  database: Database,
  main: number,
  options: { readonly signal: AbortSignal },
): Promise<NearestChange | undefined> {
  const bucket = await database.bucket('key');
  const from = Buffer.alloc(REVISION_KEY_SIZE);
  encodeRevisionKey(from, 0, { main, sub: 0, tombstone: false });
  for await (const leaf of bucket?.leaves({ ...options, from }) ?? []) {
    for (let index = 0; index < leaf.count; index++) {
      const change = changeAt(leaf, index);
      if (change.main >= main) {
        return { main: change.main, isRaise: leaf.valueStart(index) === leaf.valueEnd(index) };
      }
    }
  }
  return undefined;
}

/** The revision of the last record of a database up to revision `main`; 0 when there is none. Reads few pages. Throws Damage. */
export async function lastChangeUpTo(
  database: Database,
  main: number,
  options: { readonly signal: AbortSignal },
): Promise<number> {
  let last = 0;
  for (let to = main; last < to; ) {
    const middle = Math.ceil((last + to) / 2);
    const found = await firstChangeFrom(database, middle, options);
    if (found !== undefined && found.main <= main) {
      last = found.main;
    } else {
      to = middle - 1;
    }
  }
  return last;
}
