import type { Failure } from '../runtime/failure.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';

/**
 * A store that could not be opened, as one that answers every call with the reason: a data directory that is valid by itself does not
 * depend on it. `location` is for messages.
 */
export function unopenedStore(location: string, failure: Failure): SnapStore {
  const refuse = (): Promise<never> => Promise.reject(failure);
  return {
    traits: { maxParts: 0, minPartSize: 0, partsAreData: false, partDigests: [] },
    location,
    list: refuse,
    whyEmpty: refuse,
    fetch: refuse,
    save: refuse,
    delete: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
