import type { DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { drawCurve } from './chart.ts';
import { byId, make, showOnce } from './dom.ts';
import { bytes, count, counted, duration, moment } from './format.ts';
import { gapText } from './timeline.ts';

/** So many rows a table has at the most. */
const mostRows = 200;

/** Shows what the store holds, and what is deleted next. */
export function showStore(store: DashboardStore): void {
  const { gaps, totals, snapshots } = store;
  const isKnown = store.listedAt !== null;
  byId('gaps').textContent = gapsText(store);
  byId('gaps').className = gaps.length === 0 ? 'soft' : 'bad';
  byId('hidden').textContent =
    totals.hidden === 0 ? '' : `${counted(totals.hidden, 'older snapshot')} not drawn; the sums count them.`;
  byId('snapshots-summary').textContent = summaryText(totals.fulls + totals.deltas, isKnown);
  showOnce('snapshots', snapshots.slice(-mostRows), (shown) =>
    shown
      .toReversed()
      .map(({ name, kind, at, from, to, bytes: size }) =>
        make(
          'tr',
          '',
          make('td', '', name),
          make('td', '', moment(at * 1_000)),
          make('td', '', kind === 'Full' ? `up to ${count(to)}` : `${count(from)} – ${count(to)}`),
          make('td', '', bytes(size)),
        ),
      ),
  );
  showRetention(store);
  showGrowth(store);
}

function gapsText({ gaps, recovery, listedAt, location }: DashboardStore): string {
  if (listedAt === null) {
    return location === null ? 'There is no store.' : 'The store was not listed yet.';
  }
  if (gaps.length === 0) {
    return 'No revision is missing.';
  }
  const { reach } = recovery;
  const isOver = reach !== null && gaps.every(({ to }) => to < reach.revision);
  const meaning = isOver
    ? ' States in between cannot be restored; the full after them is whole, and so is what follows.'
    : '';
  return `${gaps.map(gapText).join('. ')}.${meaning}`;
}

function summaryText(total: number, isKnown: boolean): string {
  if (!isKnown) {
    return 'Snapshots as a table';
  }
  const newest = total > mostRows ? `, the newest ${mostRows} are shown` : '';
  return `Snapshots as a table (${count(total)}${newest})`;
}

function showRetention({ retention, listedAt, location }: DashboardStore): void {
  const text = byId('retention-text');
  showOnce('retention', retention?.deletions ?? [], (deletions) =>
    deletions.map(({ name, reason, bytes: size }) =>
      make('li', '', make('strong', '', name), ` (${bytes(size)}) ${reason}`),
    ),
  );
  if (retention === null) {
    text.textContent =
      listedAt === null && location !== null
        ? 'Not known: the store was not listed yet.'
        : 'Nothing: garbage collection is off, or there is no store.';
    return;
  }
  const when = retention.when === 'now' ? 'With the next pass' : 'When one more full is stored';
  const more = retention.more > 0 ? ` and ${retention.more} more` : '';
  text.textContent =
    retention.deletions.length === 0
      ? `Nothing for now. Policy: ${retention.policy}.`
      : `${when}, by the policy (${retention.policy}): ${counted(retention.deletions.length, 'object')}${more}.`;
}

function showGrowth({ snapshots, totals, listedAt }: DashboardStore): void {
  const fulls = snapshots.filter(({ kind }) => kind === 'Full');
  byId('growth-text').textContent =
    listedAt === null
      ? 'Not known yet.'
      : `${counted(totals.fulls, 'full')} with ${bytes(totals.fullBytes)}, ${counted(totals.deltas, 'delta')} with ${bytes(totals.deltaBytes)}.${changeText(fulls)}`;
  drawCurve(byId('growth'), {
    summary: `Sizes of ${counted(fulls.length, 'full')}`,
    points: fulls.map(({ at, bytes: size }) => [at * 1_000, size]),
    show: bytes,
  });
}

function changeText(fulls: DashboardStore['snapshots']): string {
  const [first, last] = [fulls[0], fulls.at(-1)];
  if (first === undefined || last === undefined || first === last || first.bytes === 0) {
    return '';
  }
  const percent = Math.round((last.bytes / first.bytes - 1) * 100);
  const change = percent === 0 ? 'as much as' : `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'} than`;
  return ` The newest full has ${change} that of ${duration(last.at - first.at)} before.`;
}
