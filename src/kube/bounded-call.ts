import { untilAborted } from '../runtime/async/until-aborted.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure } from '../runtime/failure.ts';

/**
 * Does `work` for at most `ms`, also where the work cannot be aborted, as when it reads a file. Throws a Failure `kube_unreachable` when
 * that was not enough.
 */
export async function boundedCall<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { ms, clock, signal }: { readonly ms: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const late = new Failure({
    code: 'kube_unreachable',
    action: 'ask',
    object: 'the Kubernetes API server',
    found: `no answer came within ${ms / 1_000} s`,
    remedy: 'check the network and the API server',
  });
  clock
    .sleep(ms, AbortSignal.any([signal, done.signal]))
    .then(() => over.abort(late))
    .catch(() => undefined);
  try {
    const ending = AbortSignal.any([signal, over.signal]);
    return await untilAborted(work(ending), ending);
  } finally {
    done.abort();
  }
}
