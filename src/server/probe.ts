import type { ArmedBackoff } from '../runtime/async/armed-backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { askOwnMember, type OwnMember } from './own-member.ts';

/** What a probe asks, and whom it reports to. */
export interface ProbeParts {
  readonly member: OwnMember;
  /** Waits after an answer that did not come. Outlives the lead. */
  readonly backoff: ArmedBackoff;
  /** Called after each probe. */
  onProbe(outcome: 'answered' | 'failed'): void;
}

/** How long a probe may take, ms. */
const probeMs = 5_000;

/** Asks our member for its status until it answers, later each time. Rejects when the signal aborts. */
export async function untilProbed(
  { member, backoff, onProbe }: ProbeParts,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const answer = await askOwnMember(member, { timeoutMs: probeMs, signal, clock });
    if ('status' in answer) {
      backoff.disarm();
      onProbe('answered');
      return;
    }
    onProbe('failed');
    backoff.arm();
    const why = answer.why instanceof Error ? answer.why.message : String(answer.why);
    await backoff.wait(clock, signal, (ms) => log.warn(`Asking our etcd member again in ${ms / 1_000} s: ${why}`));
  }
}
