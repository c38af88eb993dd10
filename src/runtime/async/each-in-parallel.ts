/**
 * Does some work on each item, on at most `count` of them at once, begun in order. Rejects with the first failure, after what was begun
 * has ended.
 */
export async function eachInParallel<T>(
  items: readonly T[],
  count: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const done = await Promise.allSettled(Array.from({ length: Math.min(count, items.length) }, worker));
  for (const each of done) {
    if (each.status === 'rejected') {
      throw each.reason;
    }
  }
}
