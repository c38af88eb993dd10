import {
  type Decision,
  describeReason,
  type FullEvidence,
  planFor,
  type RetentionRules,
} from '../../operations/prune/prune.ts';
import { catalogOf } from '../../snapshot/catalog.ts';
import { type Histories, historiesOf } from '../../snapshot/history/histories.ts';
import { overlappingDeltas } from '../../snapshot/overlapping-deltas.ts';
import type { SnapStore, StoredSnapshot, StoreListing } from '../../snapstore/snapstore.ts';
import type { DashboardStore } from './dashboard-document.ts';
import { recoveryOverview } from './recovery-overview.ts';

/** Most snapshots that are shown, and most fulls among them: a page has room for no more. */
const mostSnapshots = 2_000;
const mostFulls = 500;
/** Most deletions and gaps that are shown. */
const mostRows = 50;

/** What is known of a store. */
export interface StoreFacts {
  readonly listing: Pick<StoreListing, 'snapshots' | 'markers'>;
  readonly store: Pick<SnapStore, 'traits'>;
  /** Undefined where nothing is deleted. */
  readonly rules: RetentionRules | undefined;
  /** ms since the epoch. */
  readonly now: number;
}

/** What the dashboard shows of a store that was listed. Pure. */
export function storeOverview(facts: StoreFacts): Omit<DashboardStore, 'location' | 'listedAt' | 'problem'> {
  const whole = facts.listing.snapshots.filter(({ chunk, excluded }) => chunk === undefined && excluded !== true);
  const byTime = whole.toSorted((a, b) => a.createdOn - b.createdOn || a.lastRevision - b.lastRevision);
  const fulls = whole.filter(({ kind }) => kind === 'Full');
  const deltas = whole.filter(({ kind }) => kind === 'Incr');
  const shown = newestOf(byTime);
  const histories = historiesOf(whole, facts.listing.markers);
  return {
    totals: {
      fulls: fulls.length,
      deltas: deltas.length,
      fullBytes: bytesOf(fulls),
      deltaBytes: bytesOf(deltas),
      hidden: whole.length - shown.length,
    },
    snapshots: shown.map(({ name, kind, createdOn, startRevision, lastRevision, size }) => ({
      name,
      kind,
      at: createdOn,
      from: startRevision,
      to: lastRevision,
      bytes: size,
    })),
    gaps: gapsOf(histories),
    recovery: recoveryOverview(histories, facts.now),
    rivals: rivalsOf(histories),
    forks: histories.suspected.length,
    retention: facts.rules === undefined ? null : outlook({ ...facts, rules: facts.rules }),
  };
}

function bytesOf(snapshots: readonly StoredSnapshot[]): number {
  return snapshots.reduce((sum, { size }) => sum + size, 0);
}

/** The newest fulls, so that each chain that is shown has its beginning, and as many of the newest deltas as there is place for. */
function newestOf(byTime: readonly StoredSnapshot[]): readonly StoredSnapshot[] {
  const of = (which: StoredSnapshot['kind'], most: number) =>
    most === 0 ? [] : byTime.filter(({ kind }) => kind === which).slice(-most);
  const fulls = of('Full', mostFulls);
  const shown = new Set([...fulls, ...of('Incr', mostSnapshots - fulls.length)]);
  return byTime.filter((each) => shown.has(each));
}

function rivalsOf({ living }: Pick<Histories<StoredSnapshot>, 'living'>): DashboardStore['rivals'] {
  const found = overlappingDeltas(living.snapshots).map(({ delta }) => delta);
  const newest = found.reduce<StoredSnapshot | undefined>(
    (last, each) => (last === undefined || each.createdOn > last.createdOn ? each : last),
    undefined,
  );
  return { deltas: found.length, newest: newest === undefined ? null : { name: newest.name, at: newest.createdOn } };
}

function gapsOf({ living }: Pick<Histories<StoredSnapshot>, 'living'>): DashboardStore['gaps'] {
  return catalogOf(living.snapshots)
    .chains.flatMap(({ base, missing, beyond }) => {
      // Deltas without a full, after a full that is still there, are no hole of a chain.
      if (base === undefined || missing === undefined) {
        return [];
      }
      const [first] = beyond;
      const at = first === undefined ? null : new Date(first.createdOn * 1_000).toISOString();
      return [{ from: missing.from, to: missing.to, at }];
    })
    .slice(-mostRows);
}

/** What goes now; where nothing does, what one more full would replace. */
function outlook({
  listing,
  store,
  rules,
  now,
}: StoreFacts & { readonly rules: RetentionRules }): DashboardStore['retention'] {
  const doomedIn = (snapshots: readonly StoredSnapshot[], evidence: FullEvidence): Decision<StoredSnapshot>[] =>
    planFor({ ...listing, snapshots }, { store, rules, evidence, now }).decisions.filter(
      ({ action }) => action === 'delete',
    );
  const current = doomedIn(listing.snapshots, { proved: new Set() });
  const newest = listing.snapshots.findLast(({ kind, chunk }) => kind === 'Full' && chunk === undefined);
  const policy = rules.policy.kind === 'LimitBased' ? `fulls beyond ${rules.policy.maxBackups} go` : 'exponential';
  const further =
    current.length > 0 || newest === undefined
      ? []
      : doomedIn([...listing.snapshots, oneMore(newest, listing.snapshots, now)], { proved: new Set([imagined]) });
  const doomed = current.length > 0 ? current : further;
  return {
    policy,
    when: current.length > 0 ? 'now' : 'next full',
    deletions: doomed.slice(0, mostRows).map(({ snapshot, reason }) => ({
      name: snapshot.name,
      reason: describeReason(reason),
      bytes: snapshot.size,
    })),
    more: Math.max(0, doomed.length - mostRows),
  };
}

const imagined = 'the next full';

/** The next full as it would be if it were taken now. */
function oneMore(newest: StoredSnapshot, all: readonly StoredSnapshot[], now: number): StoredSnapshot {
  const last = all.reduce((most, each) => (each.lastRevision > most.lastRevision ? each : most), newest);
  const createdOn = Math.max(newest.createdOn + 1, Math.floor(now / 1_000));
  return { ...newest, name: imagined, key: imagined, lastRevision: last.lastRevision, createdOn };
}
