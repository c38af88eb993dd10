/**
 * Settles as `work` does, or rejects with the signal's reason as soon as the signal aborts. Then `cancel` is called to end
 * the work, whose outcome is ignored.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, cancel?: () => void): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    cancel?.();
    aborted.reject(signal.reason);
  };
  if (signal.aborted) {
    onAbort();
  } else {
    signal.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
  }
}
