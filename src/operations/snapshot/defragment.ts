import type { EtcdCluster, MemberStatus } from '../../etcd/cluster.ts';
import { type BackupMetrics, noMetrics } from '../../metrics/backup-metrics.ts';
import { formatBytes } from '../../runtime/log/amount.ts';
import { rfc3339 } from '../../runtime/log/rfc3339.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { eachFiring } from './schedule.ts';

/** What defragmentation needs. */
export interface DefragmentationRequest {
  readonly cluster: EtcdCluster;
  readonly metrics?: BackupMetrics;
}

/**
 * Defragments each member, one after the other: followers first, the leader last, as it serves nobody meanwhile.
 * Nothing is done unless every member answers. Throws what etcd throws.
 */
export async function defragment(
  { cluster, metrics = noMetrics }: DefragmentationRequest,
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
      metrics.defragmented({ endpoint, seconds: seconds(), outcome: 'succeeded' });
    } catch (error) {
      signal.throwIfAborted();
      metrics.defragmented({ endpoint, seconds: seconds(), outcome: 'failed' });
      throw error;
    }
  }
}

/** Defragments whenever the schedule says so, until the signal aborts. One that fails is told, and the next one tries again. */
export async function defragmentBySchedule(
  request: DefragmentationRequest & {
    /** 5-field cron. */
    readonly schedule: string;
    /** Done after each that succeeded. */
    readonly afterwards: () => Promise<void>;
  },
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<void> {
  const { signal, clock, log } = context;
  const onNext = (due: number): void => log.debug(`Will defragment next at time: ${rfc3339(due)}`);
  for await (const _ of eachFiring(request.schedule, { clock, signal, onNext })) {
    try {
      await defragment(request, context);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ error }, `Failed to defragment etcd, trying again at the next scheduled time: ${error}`);
      continue;
    }
    await request.afterwards();
  }
}

function isLeader({ memberId, leaderId }: MemberStatus): boolean {
  return memberId === leaderId;
}
