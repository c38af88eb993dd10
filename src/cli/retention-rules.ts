import type { ValuesOf } from '../config/option.ts';
import type { retentionRules } from '../config/options/snapshotter.ts';
import type { RetentionRules } from '../operations/prune/prune.ts';
import type { RunContext } from '../runtime/run-context.ts';

/** A period of garbage collection up to here turns it off, ms. */
export const longestOffPeriodMs = 1_000;

/** The rules of garbage collection that the options ask for. */
export function retentionRulesOf(values: ValuesOf<(typeof retentionRules)['options']>): RetentionRules {
  const { policy, maxBackups, deltaRetentionPeriodMs, leftHistoryMs, pointInTimeWindowMs } = values;
  return {
    policy: policy === 'LimitBased' ? { kind: policy, maxBackups } : { kind: policy },
    deltaRetentionMs: deltaRetentionPeriodMs,
    leftHistoryMs,
    pointInTimeWindowMs,
  };
}

/** Says when `--max-backups` is given and counts nothing: the Go program takes it in silence, so it is no error. */
export function warnOfUnusedRetention(
  { policy }: Pick<ValuesOf<(typeof retentionRules)['options']>, 'policy'>,
  given: ReadonlySet<string>,
  { log }: Pick<RunContext, 'log'>,
): void {
  if (policy !== 'LimitBased' && given.has('max-backups')) {
    log.warn(`--max-backups has no effect: the policy is ${policy}; give --garbage-collection-policy LimitBased`);
  }
}
