import type { DashboardState, DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { drawCurve } from './chart.ts';
import { byId, facts } from './dom.ts';
import { bytes, count, duration } from './format.ts';
import { recoveryPoints } from './recovery-points.ts';
import { waitsTooLong } from './troubles.ts';

type Row = readonly [term: string, value: string, tone?: string];

/** Shows what changes by time alone: the sums at the top, and the age of what a restore would reach. `now` is in ms since the epoch. */
export function showSummary(state: DashboardState, store: DashboardStore | undefined, now: number): void {
  const { member, backup } = state;
  const { proof, unprovable, secondary, estimatedRestoreSeconds } = backup;
  const reach = store?.recovery.reach ?? null;
  const isListed = store !== undefined && store.listedAt !== null;
  facts(byId('summary'), [
    recoveryRow(store, member.revision, now),
    ['Restore takes about', estimatedRestoreSeconds === null ? 'not known here' : duration(estimatedRestoreSeconds)],
    [
      'Last proof',
      unprovable !== null
        ? 'not possible'
        : proof === null
          ? 'none yet'
          : `${proof.outcome}, ${duration((now - Date.parse(proof.at)) / 1_000)} ago`,
      unprovable !== null ? 'bad' : proof === null ? 'soft' : proof.outcome === 'sound' ? 'good' : 'bad',
    ],
    ['A restore reaches revision', !isListed ? 'not known' : reach === null ? 'none' : count(reach.revision)],
    ['Revision of etcd', member.revision === null ? 'not known' : count(member.revision)],
    ['Database', member.databaseBytes === null ? 'not known' : bytes(member.databaseBytes)],
    ['In the store', contentText(store)],
    storeRow(state, store),
    ...(secondary === null
      ? []
      : [['Second copy', secondary.outcome, secondary.outcome === 'synced' ? 'good' : 'bad'] as const]),
  ]);
  showRecovery(store, now);
}

function recoveryRow(store: DashboardStore | undefined, revision: number | null, now: number): Row {
  const term = 'Recovery point (age of what a restore reaches)';
  if (store === undefined || store.listedAt === null) {
    return store?.location === null ? [term, 'no store', 'bad'] : [term, 'not known', 'soft'];
  }
  const { reach } = store.recovery;
  if (reach === null) {
    return [term, 'no snapshot', 'bad'];
  }
  const age = now / 1_000 - reach.at;
  if (age < -60) {
    return [term, `dated ${duration(-age)} into the future`, 'bad'];
  }
  return waitsTooLong({ reach, revision, now }) ? [term, duration(age), 'bad'] : [term, duration(age)];
}

function contentText(store: DashboardStore | undefined): string {
  if (store === undefined || store.location === null) {
    return 'no store';
  }
  const { fullBytes, deltaBytes } = store.totals;
  return store.listedAt === null
    ? `not known, at ${store.location}`
    : `${bytes(fullBytes + deltaBytes)} at ${store.location}`;
}

function storeRow({ backup }: DashboardState, store: DashboardStore | undefined): Row {
  if (backup.storeOutageSeconds > 0) {
    return ['Store', `has failed for ${duration(backup.storeOutageSeconds)}`, 'bad'];
  }
  if (store === undefined || store.location === null) {
    return ['Store', store === undefined ? 'not looked at yet' : 'none', store === undefined ? 'soft' : 'bad'];
  }
  return store.problem !== null
    ? ['Store', 'cannot be listed', 'bad']
    : store.listedAt === null
      ? ['Store', 'not looked at yet', 'soft']
      : ['Store', 'answers', 'good'];
}

function showRecovery(store: DashboardStore | undefined, now: number): void {
  const points = store === undefined || store.listedAt === null ? [] : recoveryPoints(store, now);
  const most = points.reduce<number | undefined>(
    (top, [, age]) => (age === null ? top : Math.max(top ?? 0, age)),
    undefined,
  );
  const text = most === undefined ? 'Not known.' : `At the most ${duration(most)} old in this time.`;
  byId('recovery-text').textContent = text;
  drawCurve(byId('recovery'), {
    summary: `Age of what a restore reaches in the last 24 hours. ${text}`,
    points,
    show: duration,
  });
}
