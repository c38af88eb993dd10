import type { DashboardState } from '../../../dashboard/dashboard-document.ts';
import { byId, facts, make, showOnce } from './dom.ts';
import { count, duration, moment } from './format.ts';
import { type ErrorGroup, groupedErrors } from './grouped-errors.ts';

/** Shows our member, its peers, what runs next and the last errors. `now` is in ms since the epoch. */
export function showState(state: DashboardState, now: number): void {
  const { member, peers, errors, version } = state;
  byId('role').textContent = member.role;
  byId('role').className = `badge ${member.isHealthy || member.role === 'follower' ? 'good' : 'bad'}`;
  // The badge has the role already.
  byId('phase').textContent = member.phase === member.role ? '' : member.phase.replace(`${member.role}, `, '');
  byId('version').textContent = `etcdbrctl ${version}, etcd ${member.etcdVersion ?? 'not reached'}`;
  showOnce('members', peers.list, (list) => list.map(rowOf));
  byId('members-problem').textContent = peers.problem ?? '';
  byId('elsewhere').textContent = elsewhereText(state);
  showRuns(state, now);
  showOnce('errors', errors, (all) =>
    all.length === 0 ? [make('li', 'soft', noErrorsText(state))] : groupedErrors(all).map(errorItem),
  );
}

function rowOf({ id, name, isOwn, isLeader, isLearner, sidecar }: DashboardState['peers']['list'][number]): Node {
  const role = isLeader ? 'leader' : isLearner ? 'learner' : 'follower';
  const isBad = sidecar === 'unreachable' || (isLeader && sidecar !== 'healthy');
  const tone = isBad ? 'bad' : sidecar === 'unknown' ? 'soft' : 'good';
  const shown = `${name ?? `${id} (not started yet)`}${isOwn ? ' (this one)' : ''}`;
  return make('tr', '', make('td', '', shown), make('td', '', role), make('td', tone, sidecar));
}

/** Whose page has what this one cannot know. */
function elsewhereText({ member, peers }: DashboardState): string {
  if (member.role === 'leader') {
    return '';
  }
  const leader = peers.list.find(({ isLeader, isOwn }) => isLeader && !isOwn);
  const where = leader === undefined ? 'the leader' : `the leader, ${leader.name ?? leader.id}`;
  return `This member does not lead: errors, next runs and the time for a restore are those from when it did. The page of ${where} has the present ones.`;
}

function noErrorsText({ member }: DashboardState): string {
  return member.role === 'leader' ? 'None since the server began.' : 'None that this member has met.';
}

function showRuns({ member, backup }: DashboardState, now: number): void {
  const { full, verification, defragmentation } = backup.nextRuns;
  const isLeader = member.role === 'leader';
  const row = (name: string, at: string | null): readonly [string, string, string?] => {
    const seconds = at === null ? undefined : (Date.parse(at) - now) / 1_000;
    if (seconds === undefined) {
      return [name, 'not planned here'];
    }
    // What another one does now has no time here.
    return seconds >= -60
      ? [name, `in ${duration(seconds)}`]
      : isLeader
        ? [name, `was due ${duration(-seconds)} ago`, 'bad']
        : [name, 'not planned here'];
  };
  const ofLeader = (name: string, at: string | null): readonly [string, string, string?] =>
    isLeader ? row(name, at) : [name, 'by the leader'];
  facts(byId('runs'), [
    ofLeader('Full', full),
    row('Verification', verification),
    ofLeader('Defragmentation', defragmentation),
  ]);
}

function errorItem({ newest, oldest, times }: ErrorGroup): Node {
  const { at, code, meaning, remedy } = newest;
  const last = moment(Date.parse(at));
  const when = times === 1 ? last : `${count(times)} times from ${moment(Date.parse(oldest.at))} to ${last}`;
  return make(
    'li',
    '',
    make('strong', 'bad', code),
    ` (${when}): ${meaning}. `,
    make('em', '', `Remedy: ${remedy.replaceAll('`', '')}.`),
  );
}
