/**
 * `node:test` follows every promise and timer of a process, to know to which suite a call of `it` belongs and which test left an error
 * behind. That takes a quarter of the time of unit tests. A shared process needs it only while it loads a file, and names the file of
 * an error by itself (`shared-process.ts`). To be imported before `node:test`.
 */
import hooks from 'node:async_hooks';

const { createHook } = hooks;
let ofTests: ReturnType<typeof createHook> | undefined;

hooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  if (new Error('who asks').stack?.includes('node:internal/test_runner') === true) {
    ofTests = hook;
  }
  return hook;
};

/** Switches it off until {@link resumeTracking}. */
export function pauseTracking(): void {
  ofTests?.disable();
}

/** Switches it on again. */
export function resumeTracking(): void {
  ofTests?.enable();
}
