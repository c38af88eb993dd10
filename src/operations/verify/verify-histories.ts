import type { Revision } from '../../revision.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { CatalogChain } from '../../snapshot/catalog.ts';
import { type Histories, type History, knownHistories } from '../../snapshot/history/histories.ts';
import { beganOn, type StoreMarker } from '../../snapshot/history/history-marker.ts';
import { fallBacks, suspectedForks } from '../../snapshot/history/suspected-forks.ts';
import { unprovenOf } from '../../snapshot/history/unproven-continuation.ts';
import type { StoredSnapshot } from '../../snapstore/snapstore.ts';
import { ExpandedFull } from '../history/expanded-full.ts';
import { findingText } from '../history/finding-failure.ts';
import { findFork } from '../history/fork-check.ts';
import { doubtText } from '../history/fork-failure.ts';
import { chooseDeltas } from '../restore/deltas/choose.ts';
import type { Finding } from './findings.ts';
import type { VerifyRequest } from './request.ts';

/**
 * Looks for two histories in what counts as one: by names and ages at level `catalog`, by contents at all others. Throws a
 * StoreError, and errors of files as they are.
 */
export async function findForks(
  work: {
    readonly request: VerifyRequest;
    readonly history: History<StoredSnapshot>;
    readonly markers: readonly StoreMarker[];
    readonly chains: readonly CatalogChain<StoredSnapshot>[];
    /** What cannot be read takes no part. */
    readonly bad: ReadonlySet<StoredSnapshot>;
    /** Where the fulls that were read really end. */
    readonly revisions: ReadonlyMap<StoredSnapshot, Revision>;
  },
  context: RunContext,
): Promise<readonly Finding[]> {
  const { request, history, markers, chains, bad, revisions } = work;
  const doubts = suspectedForks(history.snapshots);
  if (request.level === 'catalog') {
    return doubts.map(
      (fork): Finding => ({
        weight: 'problem',
        snapshot: fork.full.name,
        text: `${doubtText(fork)}; a higher --level looks into them`,
      }),
    );
  }
  const findings: Finding[] = [];
  const ofHistory = history.snapshots.filter((each) => !bad.has(each));
  const fulls = ofHistory.filter(({ kind }) => kind === 'Full');
  const fallen = fallBacks(history.snapshots);
  for (const [at, { base, deltas }] of chains.entries()) {
    if (base === undefined || bad.has(base)) {
      continue;
    }
    const candidates = deltas.filter((delta) => !bad.has(delta));
    const covered = revisions.get(base) ?? base.lastRevision;
    const { deltas: used } = chooseDeltas({ base, candidates }, { covered, until: undefined });
    const { store, tempDir } = request;
    await using expanded = new ExpandedFull({ store, full: base, tempDir });
    const database = (): ReturnType<ExpandedFull['open']> => expanded.open(context);
    const { begunBy } = history;
    const doubted = { fallBacks: fallen, ofHistory, fulls, begunBy };
    const chain = { base, covered, used, candidates, until: undefined, ...doubted };
    const isNewest = at === chains.length - 1;
    const inDoubt = isNewest ? { doubts, unproven: unprovenOf(history, markers) } : { doubts: [], unproven: [] };
    const found = await findFork({ ...chain, ...inDoubt, store, database, tempDir }, context);
    if (found !== undefined) {
      findings.push({ weight: 'problem', ...findingText(found) });
    }
  }
  return findings;
}

/** What is in the store apart from the history that is verified. */
export function otherHistories(
  histories: Histories<StoredSnapshot>,
  verified: History<StoredSnapshot>,
): readonly Finding[] {
  return knownHistories(histories)
    .filter((history) => history !== verified)
    .map(({ number, leftBy, own }) => {
      const last = own.reduce((most, { lastRevision }) => Math.max(most, lastRevision), 0);
      const when = leftBy === undefined ? 'was written last' : `was left ${timeText(beganOn(leftBy))}`;
      const text = `history ${number} ${when}; it has ${countText(own.length, 'snapshot')} of its own, up to revision ${last}`;
      return { weight: 'note', snapshot: undefined, text };
    });
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
