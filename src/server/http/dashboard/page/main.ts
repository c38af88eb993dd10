import type { DashboardState, DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { wireActions } from './actions.ts';
import { byId, make, showOnce } from './dom.ts';
import { roughly } from './format.ts';
import { showState } from './state-view.ts';
import { showStore } from './store-view.ts';
import { showSummary } from './summary-view.ts';
import { Timeline } from './timeline.ts';
import { troublesOf } from './troubles.ts';

const timeline = new Timeline();
/** The clock of the server minus ours, ms. */
let ahead = 0;
/** When the server was heard last, by our clock, ms; undefined while it is heard. */
let silentSince: number | undefined;
let state: DashboardState | undefined;
let store: DashboardStore | undefined;

/** Shows all that changes by time alone. */
function refresh(): void {
  if (state === undefined) {
    return;
  }
  const now = Date.now() + ahead;
  showState(state, now);
  showSummary(state, store, now);
  const silence =
    silentSince === undefined
      ? []
      : [
          {
            text: `The server has not been heard for ${roughly((Date.now() - silentSince) / 1_000)}: all that is shown is from before`,
            remedy: 'look at the network and at the sidecar; where a token is asked for, load the page again',
          },
        ];
  const found = [...silence, ...troublesOf({ state, store, now })];
  const own = state.peers.list.find(({ isOwn }) => isOwn)?.name ?? state.member.id;
  byId('where').textContent = [own, store?.location].filter((each) => typeof each === 'string').join(' · ');
  const wrong = found.length === 0 ? [] : [`${found.length} wrong`];
  document.title = [...wrong, own ?? [], 'etcd backup'].flat().join(' · ');
  document.body.className = silentSince === undefined ? '' : 'stale';
  byId('troubles-none').textContent =
    found.length > 0 ? '' : store === undefined ? 'Looking…' : 'Nothing that this server knows of.';
  showOnce('troubles', found, (all) =>
    all.map(({ text, remedy }) =>
      make('li', '', make('strong', 'bad', `${text}.`), ' ', make('em', '', `To do: ${remedy}.`)),
    ),
  );
}

function connect(): void {
  const connection = byId('connection');
  const say = (text: string, tone: string): void => {
    if (connection.textContent !== text) {
      connection.textContent = text;
      connection.className = tone;
    }
  };
  // Not a relative address: that of a page may hold a name and a token, with which scripts may ask for nothing.
  const events = new EventSource(`${location.origin}/dashboard/events`);
  events.addEventListener('open', () => {
    silentSince = undefined;
    say('Live', 'good');
    refresh();
  });
  events.addEventListener('error', () => {
    silentSince ??= Date.now();
    say('No connection: what is shown may be out of date', 'bad');
    refresh();
    // A browser does not come again by itself after an answer that is an error.
    if (events.readyState === EventSource.CLOSED) {
      setTimeout(connect, 10_000);
    }
  });
  events.addEventListener('clock', ({ data }) => {
    ahead = Number(data) - Date.now();
  });
  events.addEventListener('state', ({ data }) => {
    const news: DashboardState = JSON.parse(data);
    state = news;
    timeline.show({ proofs: news.proofs });
    refresh();
  });
  events.addEventListener('store', ({ data }) => {
    const news: DashboardStore = JSON.parse(data);
    store = news;
    timeline.show({ store: news });
    showStore(news);
    refresh();
  });
}

wireActions();
connect();
setInterval(() => {
  if (!document.hidden) {
    refresh();
  }
}, 5_000);
document.addEventListener('visibilitychange', refresh);
