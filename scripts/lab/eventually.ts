import { setTimeout as sleep } from 'node:timers/promises';

/** No load makes a sleep so late: the machine stood still, and what is waited for did, too. */
const stoodStillMs = 5_000;

/**
 * Asks `probe` every `intervalMs` until it gives something other than undefined, and returns that.
 * Throws after `timeoutMs` with what `describe` says then. Time in which the whole machine stood still does not count.
 */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  {
    timeoutMs = 30_000,
    intervalMs = 50,
    describe = () => 'the condition did not come true',
  }: { readonly timeoutMs?: number; readonly intervalMs?: number; readonly describe?: () => string } = {},
): Promise<T> {
  let deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined) {
      return result;
    }
    if (performance.now() > deadline) {
      throw new Error(`${describe()} (waited ${timeoutMs} ms)`);
    }
    const sleptAt = performance.now();
    await sleep(intervalMs);
    const lateMs = performance.now() - sleptAt - intervalMs;
    deadline += lateMs > stoodStillMs ? lateMs : 0;
  }
}
