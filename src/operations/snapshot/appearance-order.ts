import type { SuspectedFork } from '../../snapshot/history/suspected-forks.ts';

/**
 * The order in which snapshots appear in the store, as one run sees it. The times in their names show another order when a clock was slow
 * by days and was corrected since.
 */
export class AppearanceOrder {
  #turn = 0;
  #firstSeen = new Map<string, number>();

  /** Notes a listing. */
  note(listing: readonly { readonly key: string }[]): void {
    this.#turn += 1;
    this.#firstSeen = new Map(listing.map(({ key }) => [key, this.#firstSeen.get(key) ?? this.#turn]));
  }

  /**
   * The first of these doubts that is refuted: every snapshot that its full seems to follow appeared after that full. Undefined when each
   * may be true.
   */
  refuted<T extends { readonly key: string }>(suspected: readonly SuspectedFork<T>[]): SuspectedFork<T> | undefined {
    return suspected.find(({ full, before }) => {
      const seen = this.#firstSeen.get(full.key);
      return seen !== undefined && before.every(({ key }) => (this.#firstSeen.get(key) ?? 0) > seen);
    });
  }
}
