import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks `probe` every `intervalMs` until it gives something other than undefined, and returns that.
 * Throws after `timeoutMs` with what `describe` says then.
 */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  {
    timeoutMs = 30_000,
    intervalMs = 50,
    describe = () => 'the condition did not come true',
  }: { readonly timeoutMs?: number; readonly intervalMs?: number; readonly describe?: () => string } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined) {
      return result;
    }
    if (performance.now() > deadline) {
      throw new Error(`${describe()} (waited ${timeoutMs} ms)`);
    }
    await sleep(intervalMs);
  }
}
