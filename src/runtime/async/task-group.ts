/**
 * Runs tasks concurrently until all have ended. The signal that each task gets aborts with `signal`, and as soon as
 * another task fails. A task that rejects with the reason of its signal has stopped, not failed.
 * Rejects with the first failure, after all tasks have ended.
 */
export async function runTaskGroup(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const common = AbortSignal.any([signal, stop.signal]);
  let first: { readonly error: unknown } | undefined;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(common);
      } catch (error) {
        if (!(common.aborted && error === common.reason)) {
          first ??= { error };
          stop.abort(error);
        }
      }
    }),
  );
  if (first !== undefined) {
    throw first.error;
  }
}
