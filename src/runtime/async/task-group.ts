/**
 * Runs tasks side by side until all have ended. As soon as one fails, the others are told to stop by the signal
 * each is given, which also aborts with `signal`. A task that rejects with that signal's reason has merely stopped.
 * Rejects with the first failure after everything has ended.
 */
export async function together(
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
