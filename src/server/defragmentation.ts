import type { EtcdCluster } from '../etcd/cluster.ts';
import type { ClusterMember, ClusterMembers } from '../etcd/members.ts';
import { defragment } from '../operations/snapshot/defragment.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import { eachFiring, type Schedule } from '../operations/snapshot/schedule.ts';
import { Failure } from '../runtime/failure.ts';
import { rfc3339 } from '../runtime/log/rfc3339.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { LeaderTask } from './leader-tasks.ts';

/** When and how the members of a cluster are defragmented. */
export interface DefragmentationParts {
  readonly schedule: Schedule;
  /** All members of the cluster. */
  list: ClusterMembers['list'];
  /** Connects to exactly these members. */
  connect(clientUrls: readonly string[]): Promise<AsyncDisposable & { readonly cluster: EtcdCluster }>;
  readonly listener: SnapshotterListener;
}

/** The wait before another try, ms. */
const againMs = 60_000;

/**
 * Defragments all members by a schedule: followers one after the other, the leader last. Nothing is done unless each of them answers;
 * then, and after a failure, it is tried again every minute. A learner is left out, as it takes no such request.
 */
export function defragmentationTask(
  parts: DefragmentationParts,
  context: Pick<RunContext, 'clock' | 'log'>,
): LeaderTask {
  const { clock } = context;
  const log = context.log.child({ actor: 'defragmentor' });
  return {
    name: 'defragment etcd',
    async run(signal) {
      const onNext = (at: number): void => {
        parts.listener({ type: 'next run', task: 'defragmentation', at });
        log.debug(`Will defragment next at time: ${rfc3339(at)}`);
      };
      for await (const _ of eachFiring(parts.schedule, { clock, signal, onNext })) {
        while (!(await tryOnce(parts, { clock, log, signal }))) {
          await clock.sleep(againMs, signal);
        }
      }
    },
  };
}

async function tryOnce(
  { list, connect, listener }: DefragmentationParts,
  context: Pick<RunContext, 'clock' | 'log' | 'signal'>,
): Promise<boolean> {
  const { log, signal } = context;
  try {
    await using connection = await connect((await list({ signal })).filter(({ isLearner }) => !isLearner).map(urlOf));
    await defragment({ cluster: connection.cluster, listener }, context);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    log.warn({ error }, `Trying to defragment again in ${againMs / 1_000} s: ${text}`);
    return false;
  }
}

/** One of a member's client URLs: at two it would be defragmented twice. */
function urlOf({ id, name, clientUrls: [url] }: ClusterMember): string {
  if (url === undefined) {
    throw new Failure({
      code: 'etcd_unreachable',
      action: 'defragment',
      object: `the member ${name ?? id.toString(16)}`,
      found: 'it has published no client URL',
      remedy: 'start it, or remove it from the cluster',
    });
  }
  return url;
}
