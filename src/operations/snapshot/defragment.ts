import type { EtcdCluster, MemberStatus } from '../../etcd/cluster.ts';
import { formatBytes } from '../../runtime/log/amount.ts';
import { rfc3339 } from '../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { noListener, type SnapshotterListener } from './events.ts';
import { eachFiring, type Schedule } from './schedule.ts';

/** What defragmentation needs. */
export interface DefragmentationRequest {
  readonly cluster: EtcdCluster;
  readonly listener?: SnapshotterListener;
}

/**
 * Defragments each member, one after the other: followers first, the leader last, as a member answers no requests meanwhile.
 * Nothing is done unless every member answers. Throws what etcd throws.
 */
export async function defragment(
  { cluster, listener = noListener }: DefragmentationRequest,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const members = await cluster.members({ signal });
  const inOrder = [...members.filter((member) => !isLeader(member)), ...members.filter(isLeader)];
  for (const { endpoint, dbSize } of inOrder) {
    const startedAt = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - startedAt) / 1_000;
    try {
      log.info({ endpoint }, `Defragmenting etcd member: ${endpoint}, whose database has ${formatBytes(dbSize)}`);
      await cluster.defragment(endpoint, { signal });
      log.info({ endpoint, seconds: seconds() }, `Finished defragmenting etcd member: ${endpoint}`);
      listener({ type: 'defragmented', endpoint, seconds: seconds(), outcome: 'succeeded' });
    } catch (error) {
      signal.throwIfAborted();
      listener({ type: 'defragmented', endpoint, seconds: seconds(), outcome: 'failed' });
      throw error;
    }
  }
}

/** Defragments by a schedule until the signal aborts. A failure is logged, and the next scheduled time tries again. */
export async function defragmentBySchedule(
  request: Required<DefragmentationRequest> & {
    readonly schedule: Schedule;
    /** Done after each defragmentation that succeeded. */
    readonly afterwards: () => Promise<void>;
  },
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { schedule, listener, afterwards } = request;
  const { signal, clock, log } = context;
  const onNext = (at: number): void => {
    listener({ type: 'next run', task: 'defragmentation', at });
    log.debug(`Will defragment next at time: ${rfc3339(at)}`);
  };
  for await (const _ of eachFiring(schedule, { clock, signal, onNext })) {
    try {
      await defragment(request, context);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `Failed to defragment etcd, trying again at the next scheduled time: ${error}`);
      continue;
    }
    await afterwards();
  }
}

function isLeader({ memberId, leaderId }: MemberStatus): boolean {
  return memberId === leaderId;
}
