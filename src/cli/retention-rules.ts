import type { ValuesOf } from '../config/option.ts';
import type { retentionRules } from '../config/options/snapshotter.ts';
import type { RetentionRules } from '../operations/prune/prune.ts';
import { countText, formatSeconds } from '../runtime/log/amount.ts';
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

/**
 * How far back one can go, as a line for the begin of a run: deltas that are deleted every hour are missed on the day when somebody
 * has deleted too much. `rules` undefined: nothing is deleted.
 */
export function goingBackText(rules: RetentionRules | undefined): string {
  if (rules === undefined) {
    return 'Nothing is deleted: any moment since the first full can be restored, and the store grows';
  }
  const { policy, deltaRetentionMs, pointInTimeWindowMs } = rules;
  const fulls =
    policy.kind === 'LimitBased'
      ? `the newest ${countText(policy.maxBackups, 'full')}`
      : 'fulls that thin out over five weeks';
  const moments =
    pointInTimeWindowMs !== undefined
      ? `any moment of the last ${formatSeconds(pointInTimeWindowMs / 1000)}`
      : deltaRetentionMs > 0
        ? `any moment since the newest full, and where deltas are kept (${formatSeconds(deltaRetentionMs / 1000)}) before it`
        : 'any moment since the newest full; deltas of older fulls are deleted (--point-in-time-window 24h keeps those of a day)';
  return `How far back one can go: ${moments}; before that, ${fulls}`;
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
