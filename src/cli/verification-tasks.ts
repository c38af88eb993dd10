import type { PrometheusMetrics } from '../metrics/prometheus-metrics.ts';
import { Schedule } from '../operations/snapshot/schedule.ts';
import type { BackupStatus } from '../server/backup-status.ts';
import type { LeaderTask } from '../server/leader-tasks.ts';
import { type VerificationEvent, verificationTask } from '../server/verification-task.ts';
import type { ServerInvocation } from './server-invocation.ts';
import { dailySchedule, proveInProcess } from './verification.ts';

/** The task that verifies the backup, unless it is off or there is no store. */
export function verificationTasksOf(
  invocation: ServerInvocation,
  { metrics, status }: { readonly metrics: PrometheusMetrics; readonly status: BackupStatus },
): readonly LeaderTask[] {
  const { config, pod, context } = invocation;
  const { provider, container = '', prefix } = config.store;
  const { schedule = dailySchedule([pod.name, provider, container, prefix].join(' ')) } = config.verification;
  if (provider === undefined || schedule === 'off') {
    return [];
  }
  const listener = (event: VerificationEvent): void => {
    status.verification(event);
    if (event.type === 'verified') {
      const { sound, provable: revision, stateOf } = event.proof;
      metrics.verification({
        at: event.at,
        sound,
        provable: revision === undefined ? undefined : { revision, stateOf },
      });
    } else if (event.type === 'verification failed') {
      metrics.verification({ at: event.at, sound: false, provable: undefined });
    }
  };
  const prove = ({ signal }: { readonly signal: AbortSignal }) => proveInProcess(invocation, { signal });
  return [verificationTask({ schedule: new Schedule(schedule), prove, listener }, context)];
}
