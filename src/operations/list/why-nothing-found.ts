import { countAre } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { SnapStore } from '../../snapstore/snapstore.ts';

/** What is missed in a store, and whose flags say where that is. */
export interface NothingFound {
  /** `full snapshot` where deltas alone may be there. */
  readonly wanted: 'snapshot' | 'full snapshot';
  /** `source` for the flags of the store that a copy reads. */
  readonly flags: 'store' | 'source';
}

/**
 * Why a store does not hold what is wanted, as far as that can be found out, and what to do about it: a mistyped place is far more frequent
 * than a cluster without a backup. Throws the signal's reason.
 */
export async function whyNothingFound(
  store: SnapStore,
  { wanted, flags }: NothingFound,
  { signal }: Pick<RunContext, 'signal'>,
): Promise<{ readonly found: string; readonly remedy: string }> {
  const reason = await store.whyEmpty?.({ signal }).catch(() => undefined);
  signal.throwIfAborted();
  const [container, prefix] =
    flags === 'store'
      ? (['--store-container', '--store-prefix'] as const)
      : (['--source-store-container', '--source-store-prefix'] as const);
  const none = `it holds no ${wanted}`;
  switch (reason?.kind) {
    case undefined:
    case 'nothing stored':
    case 'unproved':
      return { found: none, remedy: `check ${flags === 'store' ? 'the container' : container} and ${prefix}` };
    case 'no container':
      return { found: `${none}, as it does not exist`, remedy: `check ${container}` };
    case 'remains':
      return {
        found: `${none}, but ${countAre(reason.count, 'object')} there with names like those of a backup, such as ${reason.first}`,
        remedy: 'give them their names and places back',
      };
    case 'directly here':
      return {
        found: `${none} in a folder v2, but some directly there`,
        remedy: `leave out /v2 in ${container} or ${prefix}`,
      };
    case 'other prefixes': {
      const prefixes = reason.prefixes.map((each) => JSON.stringify(each)).join(', ');
      return { found: `${none}, but its container holds some under ${prefixes}`, remedy: `correct ${prefix}` };
    }
    default:
      return reason satisfies never;
  }
}
