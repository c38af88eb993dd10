import { runTaskGroup } from '../../runtime/async/task-group.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { silentProgress } from '../../runtime/terminal/progress.ts';
import type { FoundPrefix } from '../../snapstore/fleet/walk-folders.ts';
import { StoreError } from '../../snapstore/store-error.ts';

/** A store that does not answer for so many prefixes in a row answers for none. */
const mostUnanswered = 3;

/**
 * Works on each prefix, so many at once; one that fails is reported and hides no other. Throws a StoreError when the
 * store is gone or answers for nothing, and the reason of the signal.
 */
export async function forEachPrefix(
  prefixes: readonly FoundPrefix[],
  { label, atOnce }: { readonly label: string; readonly atOnce: number },
  act: (prefix: FoundPrefix, context: RunContext) => Promise<void>,
  surroundings: {
    readonly context: RunContext;
    readonly onRefused: (prefix: FoundPrefix, error: Error) => void;
  },
): Promise<void> {
  const { context, onRefused } = surroundings;
  using meter = context.progress.start({ label, unit: 'prefixes', total: prefixes.length });
  const queue = prefixes.values();
  let unanswered = 0;
  const worker = async (signal: AbortSignal): Promise<void> => {
    for (const prefix of queue) {
      signal.throwIfAborted();
      try {
        await act(prefix, { ...context, signal, progress: silentProgress });
        unanswered = 0;
      } catch (error) {
        signal.throwIfAborted();
        const kind = error instanceof StoreError ? error.kind : undefined;
        unanswered = kind === 'transient' ? unanswered + 1 : 0;
        if (kind === 'gone' || unanswered === mostUnanswered) {
          throw error;
        }
        context.log.debug({ prefix: prefix.prefix, error: String(error) }, 'a cluster cannot be looked at');
        onRefused(prefix, error instanceof Error ? error : new Error(String(error)));
      }
      meter.advance(1);
    }
  };
  await runTaskGroup(
    Array.from({ length: atOnce }, () => worker),
    context.signal,
  );
  context.signal.throwIfAborted();
}
