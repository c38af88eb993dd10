import type { DashboardState, DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { wireActions } from './actions.ts';
import { drawCurve } from './chart.ts';
import { byId, facts, make } from './dom.ts';
import { bytes, count, counted, duration, moment } from './format.ts';
import { recoveryAges } from './recovery-ages.ts';
import { gapText, Timeline } from './timeline.ts';

const timeline = new Timeline();
/** The clock of the server minus ours, ms. */
let ahead = 0;
let state: DashboardState | undefined;
let store: DashboardStore | undefined;
const now = (): number => Date.now() + ahead;

function showState(): void {
  if (state === undefined) {
    return;
  }
  const { member, peers, backup, errors, proofs, version } = state;
  byId('role').textContent = member.role;
  byId('role').className = `badge ${member.isHealthy || member.role === 'follower' ? 'good' : 'bad'}`;
  byId('phase').textContent = member.phase;
  byId('version').textContent = `etcdbrctl ${version}, etcd ${member.etcdVersion ?? 'not reached'}`;
  timeline.show({ proofs });
  byId('members').replaceChildren(
    ...peers.list.map(({ id, name, isOwn, isLeader, isLearner, sidecar }) => {
      const role = isLeader ? 'leader' : isLearner ? 'learner' : 'follower';
      const isBad = sidecar === 'unreachable' || (isLeader && sidecar !== 'healthy');
      const shown = `${name ?? id}${isOwn ? ' (this one)' : ''}`;
      return make('tr', '', make('td', '', shown), make('td', '', role), make('td', isBad ? 'bad' : 'good', sidecar));
    }),
  );
  byId('members-problem').textContent = peers.problem ?? '';
  const { nextRuns } = backup;
  facts(
    byId('runs'),
    (
      [
        ['Full', nextRuns.full],
        ['Verification', nextRuns.verification],
        ['Defragmentation', nextRuns.defragmentation],
      ] as const
    ).map(([name, at]) => [
      name,
      at === null ? 'not planned here' : `in ${duration((Date.parse(at) - now()) / 1_000)}`,
    ]),
  );
  byId('errors').replaceChildren(
    ...(errors.length === 0 ? [make('li', 'soft', 'None since the server began.')] : []),
    ...errors.map(({ at, code, meaning, remedy }) =>
      make(
        'li',
        '',
        make('strong', 'bad', code),
        ` (${moment(Date.parse(at))}): ${meaning}. `,
        make('em', '', `Remedy: ${remedy}.`),
      ),
    ),
  );
}

function showStore(): void {
  if (store === undefined) {
    return;
  }
  const { snapshots, gaps, retention, totals } = store;
  timeline.show({ store });
  byId('gaps').textContent = gaps.length === 0 ? 'No revision is missing.' : `${gaps.map(gapText).join('. ')}.`;
  byId('gaps').className = gaps.length === 0 ? 'soft' : 'bad';
  byId('snapshots-summary').textContent =
    `Snapshots as a table (${totals.fulls + totals.deltas}, the newest 200 are shown)`;
  byId('snapshots').replaceChildren(
    ...snapshots
      .slice(-200)
      .reverse()
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
  showRetention(retention);
  showGrowth(store);
}

function showRetention(retention: DashboardStore['retention']): void {
  const text = byId('retention-text');
  byId('retention').replaceChildren(
    ...(retention?.deletions ?? []).map(({ name, reason, bytes: size }) =>
      make('li', '', make('strong', '', name), ` (${bytes(size)}) ${reason}`),
    ),
  );
  if (retention === null) {
    text.textContent = 'Nothing: garbage collection is off, or there is no store.';
    return;
  }
  const when = retention.when === 'now' ? 'With the next pass' : 'When one more full is stored';
  const more = retention.more > 0 ? ` and ${retention.more} more` : '';
  text.textContent =
    retention.deletions.length === 0
      ? `Nothing for now. Policy: ${retention.policy}.`
      : `${when}, by the policy (${retention.policy}): ${counted(retention.deletions.length, 'object')}${more}.`;
}

function showGrowth({ snapshots, totals }: DashboardStore): void {
  const fulls = snapshots.filter(({ kind }) => kind === 'Full');
  const [first, last] = [fulls[0], fulls.at(-1)];
  const change =
    first === undefined || last === undefined || first === last || first.bytes === 0
      ? ''
      : ` The newest full has ${Math.round((last.bytes / first.bytes - 1) * 100)} % more than that of ${duration(last.at - first.at)} before.`;
  byId('growth-text').textContent =
    `${counted(totals.fulls, 'full')} with ${bytes(totals.fullBytes)}, ${counted(totals.deltas, 'delta')} with ${bytes(totals.deltaBytes)}.${change}`;
  drawCurve(byId('growth'), {
    summary: `Sizes of ${counted(fulls.length, 'full')}`,
    points: fulls.map(({ at, bytes: size }) => [at * 1_000, size]),
    show: bytes,
  });
}

/** What changes by time alone. */
function showAges(): void {
  if (state === undefined) {
    return;
  }
  const { member, backup } = state;
  const created = store?.snapshots.map(({ at }) => at) ?? [];
  const newest = store?.snapshots.at(-1);
  const { proof, secondary, storeOutageSeconds, estimatedRestoreSeconds } = backup;
  const age = newest === undefined ? undefined : now() / 1_000 - newest.at;
  const total = store === undefined ? 0 : store.totals.fullBytes + store.totals.deltaBytes;
  facts(byId('summary'), [
    [
      'Recovery point (age of the newest snapshot)',
      age === undefined ? 'no snapshot' : duration(age),
      age === undefined ? 'bad' : '',
    ],
    ['Restore takes about', estimatedRestoreSeconds === null ? 'not known here' : duration(estimatedRestoreSeconds)],
    [
      'Last proof',
      proof === null ? 'none yet' : `${proof.outcome}, ${duration((now() - Date.parse(proof.at)) / 1_000)} ago`,
      proof === null ? 'soft' : proof.outcome === 'sound' ? 'good' : 'bad',
    ],
    ['Newest snapshot up to revision', newest === undefined ? 'none' : count(newest.to)],
    ['Revision of etcd', member.revision === null ? 'not known' : count(member.revision)],
    ['Database', member.databaseBytes === null ? 'not known' : bytes(member.databaseBytes)],
    ['In the store', `${bytes(total)} at ${store?.location ?? 'no store'}`],
    [
      'Store',
      storeText(storeOutageSeconds),
      storeOutageSeconds > 0 || (store?.problem ?? null) !== null ? 'bad' : 'good',
    ],
    ...(secondary === null
      ? []
      : [['Second copy', secondary.outcome, secondary.outcome === 'synced' ? 'good' : 'bad'] as const]),
  ]);
  const seconds = 86_400;
  const buckets = 96;
  const ages = recoveryAges(created, { now: now() / 1_000, seconds, buckets });
  const most = ages.reduce<number>((top, each) => Math.max(top, each ?? 0), 0);
  byId('recovery-text').textContent = `At the most ${duration(most)} old in this time.`;
  drawCurve(byId('recovery'), {
    summary: `Age of the newest snapshot in the last 24 hours, at the most ${duration(most)}`,
    points: ages.map((each, at) => [now() - (buckets - at - 1) * (seconds / buckets) * 1_000, each]),
    show: duration,
  });
}

function storeText(outageSeconds: number): string {
  const problem = store?.problem ?? null;
  return outageSeconds > 0
    ? `fails for ${duration(outageSeconds)}`
    : problem !== null
      ? `cannot be listed: ${problem}`
      : 'answers';
}

function connect(): void {
  const connection = byId('connection');
  const say = (text: string, tone: string): void => {
    if (connection.textContent !== text) {
      connection.textContent = text;
      connection.className = tone;
    }
  };
  const events = new EventSource('/dashboard/events');
  events.addEventListener('open', () => say('Live', 'good'));
  events.addEventListener('error', () => {
    say('No connection: what is shown may be out of date', 'bad');
    // A browser does not come again by itself after an answer that is an error.
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(connect, 10_000);
    }
  });
  events.addEventListener('clock', ({ data }) => {
    ahead = Number(data) - Date.now();
  });
  events.addEventListener('state', ({ data }) => {
    state = JSON.parse(data);
    showState();
    showAges();
  });
  events.addEventListener('store', ({ data }) => {
    store = JSON.parse(data);
    showStore();
    showAges();
  });
}

wireActions();
connect();
setInterval(() => {
  if (!document.hidden) {
    showState();
    showAges();
  }
}, 5_000);
