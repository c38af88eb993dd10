import type { RestoreResult } from '../../operations/restore/restore.ts';
import { exactBytes, formatCount } from '../../runtime/log/amount.ts';
import { formatId, type PrintableResult } from './result.ts';
import { stateTime } from './state-time.ts';
import type { Stopwatch } from './stopwatch.ts';

/** What a restore wrote, and how long it took where `watch` was started with it. */
export function restoreResult(result: RestoreResult, watch?: Stopwatch): PrintableResult {
  return {
    lines: [
      ['Data directory', result.dataDir],
      ['Revision', String(result.revision)],
      ['State of', stateTime(result.snapshots, result.revision)],
      ['Base snapshot', result.snapshots[0]],
      ['Delta snapshots', formatCount(Math.max(0, result.snapshots.length - 1))],
      ['Events applied', formatCount(result.eventsApplied)],
      // No delta holds them.
      ['Users and roles', result.snapshots[0] === undefined ? undefined : `as of ${result.snapshots[0]}`],
      ['Size of db', exactBytes(result.dbSize)],
      ...(watch === undefined ? [] : [watch.line]),
      ['Member id', formatId(result.memberId)],
      ['Cluster id', formatId(result.clusterId)],
      ['Another cluster', otherClusterText(result)],
      ['Later snapshots', laterText(result.later)],
    ],
    json: {
      ...result,
      stateOf: stateTime(result.snapshots, result.revision) ?? null,
      memberId: formatId(result.memberId),
      clusterId: formatId(result.clusterId),
      ...(watch === undefined ? {} : { seconds: watch.seconds }),
      ...(result.backupClusterId === undefined ? {} : { backupClusterId: formatId(result.backupClusterId) }),
    },
  };
}

/** What a cluster id means that is not the one of the backup. */
function otherClusterText({ backupClusterId }: RestoreResult): string | undefined {
  return backupClusterId === undefined
    ? undefined
    : `the backup gives its cluster the id ${formatId(backupClusterId)}; the one here follows from --initial-cluster, ` +
        '--initial-advertise-peer-urls and --initial-cluster-token. The next run of snapshot says that another cluster writes here, ' +
        'and begins a new history; what is stored now is then chosen with --history or --snapshot';
}

/** What becomes of the snapshots beyond the state that was restored. */
function laterText(later: RestoreResult['later']): string | undefined {
  return later === undefined
    ? undefined
    : `${formatCount(later.count)} up to revision ${later.lastRevision} stay in the store. Start etcd here; snapshot ` +
        'begins a new history by itself, and initialize keeps this directory';
}
