import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { RunContext } from '../runtime/run-context.ts';

/** The wait before a task that has failed is begun again, ms. */
const againMs = 60_000;

/** Something that a sidecar does, next to the snapshots, as long as its member leads. */
export interface LeaderTask {
  /** What it does, as it reads after "Failed to". */
  readonly name: string;
  /** Goes on until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Does all tasks at once until the signal aborts. One that fails is begun again after a while, and disturbs neither the others nor the
 * snapshots.
 */
export async function runLeaderTasks(
  tasks: readonly LeaderTask[],
  { clock, log, signal }: Pick<RunContext, 'clock' | 'log' | 'signal'>,
): Promise<void> {
  await Promise.all(
    tasks.map(async ({ name, run }) => {
      while (!signal.aborted) {
        try {
          // The next lead does not wait for a task that does not end.
          await untilAborted(run(signal), signal);
          return;
        } catch (error) {
          if (signal.aborted) {
            return;
          }
          log.error({ error }, `Failed to ${name}: ${error instanceof Error ? error.message : error}`);
        }
        await clock.sleep(againMs, signal).catch(() => undefined);
      }
    }),
  );
}
