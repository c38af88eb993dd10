/**
 * Keeps `node:test` from following every promise and timer of a process, when it is imported before it: a quarter of the time of unit
 * tests. It does so to name the test that left an error behind; a shared process names the file by itself (`shared-process.ts`).
 */
import hooks from 'node:async_hooks';

const { createHook } = hooks;

hooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  if (new Error('who asks').stack?.includes('node:internal/test_runner') === true) {
    hook.enable = () => hook;
  }
  return hook;
};
