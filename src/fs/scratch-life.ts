/** How often scratch in use is touched, ms. */
const touchMs = 60_000;

/** Scratch of other containers and machines counts as dead when it was not touched for this long, ms: many touches are missing. */
export const deadAfterMs = 15 * 60_000;

/** The same for scratch of the first releases, which is not touched, ms. */
export const deadAfterWithoutTouchesMs = 24 * 60 * 60_000;

/**
 * Sets the times of scratch again and again until it is disposed of: another container that shares the directory cannot see whether our
 * process runs. `touch` may fail, as when the scratch was removed.
 */
export function keepAlive(touch: (time: Date) => Promise<void>): AsyncDisposable {
  let touching: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    touching = touch(new Date()).catch(() => undefined);
  }, touchMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await touching;
    },
  };
}
