import type { Random } from '../support/fixtures/random.ts';
import type { FaultHook } from '../support/servers/http-fault.ts';

/** A time in which the store, or the way to it, does something wrong. */
export interface Trouble {
  readonly name: string;
  readonly hook: FaultHook;
}

/** Nothing goes wrong. */
export const calm: Trouble = { name: 'calm', hook: () => undefined };

/** What can go wrong, one after the other. */
export function troubles(random: Random): readonly Trouble[] {
  const sometimes =
    (fault: ReturnType<FaultHook>): FaultHook =>
    () =>
      random.oneIn(2) ? fault : undefined;
  return [
    { name: 'slow', hook: () => ({ kind: 'delay', ms: random.integer(1_500) }) },
    { name: 'errors', hook: sometimes({ kind: 'status', status: 500 }) },
    { name: 'throttled', hook: sometimes({ kind: 'status', status: 503, retryAfter: 1 }) },
    { name: 'resets', hook: sometimes({ kind: 'reset' }) },
    { name: 'lost answers', hook: sometimes({ kind: 'lose answer' }) },
    { name: 'out of order', hook: () => ({ kind: 'status', status: 503 }) },
    { name: 'stalled', hook: () => ({ kind: 'stall' }) },
  ];
}
