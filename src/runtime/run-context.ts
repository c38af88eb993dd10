import type { Clock } from './clock.ts';
import type { Logger } from './log/logger.ts';
import type { Progress } from './terminal/progress.ts';

/** What every operation gets from its caller, so that nothing is process-wide. */
export interface RunContext {
  /** Aborts when the user or the orchestrator wants the operation to end. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
}
