import type { Semaphore } from '../../runtime/async/semaphore.ts';
import { formatBytes } from '../../runtime/log/amount.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { ContentCheckThread } from '../../workers/content-check-thread.ts';
import { type CopyRoute, copyObject, VanishedObject } from './copy-object.ts';
import type { PlannedChain, PlannedObject } from './plan.ts';

/** How far a chain came. The objects before the first that is missing are in the target, the others are not. */
export interface ChainOutcome {
  readonly copied: readonly PlannedObject[];
  /** The source deleted an object before it could be read; the deltas after it were left out. */
  readonly vanished: PlannedObject | undefined;
  readonly failure: { readonly object: PlannedObject; readonly error: unknown } | undefined;
}

/** An object that was not sent because one before it could not be. */
class ChainBroken extends Error {}

/**
 * Copies a full and then its deltas. Several are on their way at once, as `semaphore` allows, but each becomes visible only
 * after those before it, so that a delta is never in the target without what it continues. Never rejects.
 */
export async function copyChain(
  chain: PlannedChain,
  route: CopyRoute,
  work: {
    readonly semaphore: Semaphore;
    readonly checks: ContentCheckThread;
    readonly onCopied: (bytes: number) => void;
    readonly context: RunContext;
  },
): Promise<ChainOutcome> {
  const { semaphore, checks, onCopied, context } = work;
  const copied: PlannedObject[] = [];
  let broken: { readonly object: PlannedObject; readonly at: number; readonly error: unknown } | undefined;
  let previous = Promise.resolve();
  const all: Promise<void>[] = [];
  for (const [at, object] of chain.filter(({ action }) => action !== 'present').entries()) {
    await semaphore.take();
    if (broken !== undefined || context.signal.aborted) {
      semaphore.give();
      break;
    }
    // A failure of an earlier object of the chain ends this one; a failure of a later one does not.
    const own = new AbortController();
    previous.catch((reason: unknown) => own.abort(reason));
    const signal = AbortSignal.any([context.signal, own.signal]);
    const sent = copyObject(object, route, {
      publishAfter: previous,
      checks,
      onCopied,
      context: { ...context, signal },
    }).then(
      () => {
        copied.push(object);
        context.log.info(
          { snapshot: object.target.name },
          `Copied ${object.target.name}, ${formatBytes(object.source.size)}`,
        );
      },
      (error: unknown) => {
        if (!(error instanceof ChainBroken) && (broken === undefined || at < broken.at)) {
          broken = { object, at, error };
        }
        throw new ChainBroken(object.source.name);
      },
    );
    const give = (): void => semaphore.give();
    all.push(sent.then(give, give));
    previous = sent;
  }
  await Promise.all(all);
  return broken?.error instanceof VanishedObject
    ? { copied, vanished: broken.object, failure: undefined }
    : { copied, vanished: undefined, failure: broken };
}
