import { syncBuiltinESMExports } from 'node:module';
import v8 from 'node:v8';
import vm from 'node:vm';

/** The reason of all that is aborted without one. */
const aborted = new DOMException('This operation was aborted', 'AbortError');

/**
 * From now on this process collects garbage as V8 sees fit, and errors do not say where they were made: what a program that moves
 * gigabytes does about its memory would be most of the work of one that moves kilobytes.
 */
export function makeProcessLight(): void {
  Object.assign(v8, { setFlagsFromString: () => undefined });
  Object.assign(vm, { runInNewContext: () => () => undefined });
  syncBuiltinESMExports();
  const { abort } = AbortController.prototype;
  AbortController.prototype.abort = function (reason: unknown = aborted): void {
    abort.call(this, reason);
  };
  Error.stackTraceLimit = 0;
}
