import type { ValuesOf } from '../config/option.ts';
import type { retentionRules } from '../config/options/snapshotter.ts';
import type { RetentionRules } from '../operations/prune/prune.ts';

/** The rules of garbage collection that the options ask for. */
export function retentionRulesOf(values: ValuesOf<(typeof retentionRules)['options']>): RetentionRules {
  const { policy, maxBackups, deltaRetentionPeriodMs, leftHistoryMs } = values;
  return {
    policy: policy === 'LimitBased' ? { kind: policy, maxBackups } : { kind: policy },
    deltaRetentionMs: deltaRetentionPeriodMs,
    leftHistoryMs,
  };
}
