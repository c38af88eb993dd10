import { runTaskGroup } from './task-group.ts';

/** How to work through items that lead to further items. */
export interface WorkList<T> {
  readonly first: Iterable<T>;
  /** Items at once. */
  readonly workers: number;
  /** Does the work on one item; `add` puts another before all that wait. */
  act(item: T, add: (item: T) => void, signal: AbortSignal): Promise<void>;
}

/** Does the work on all items, the newest first, so that few wait. Rejects with the first failure, or the reason of the signal. */
export async function processWorkList<T>({ first, workers, act }: WorkList<T>, signal: AbortSignal): Promise<void> {
  const waiting = [...first].toReversed();
  let active = 0;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const add = (item: T): void => {
    waiting.push(item);
    wake();
  };
  const worker = async (stop: AbortSignal): Promise<void> => {
    for (;;) {
      stop.throwIfAborted();
      const item = waiting.pop();
      if (item !== undefined) {
        active += 1;
        try {
          await act(item, add, stop);
        } finally {
          active -= 1;
          wake();
        }
      } else if (active === 0) {
        return;
      } else {
        await changed.promise;
      }
    }
  };
  await runTaskGroup(
    Array.from({ length: workers }, () => worker),
    signal,
  );
  signal.throwIfAborted();
}
