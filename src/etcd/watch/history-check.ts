import type { DeltaEvent } from '../../snapshot/delta-event.ts';
import { compareProofs, proofOf, type RevisionProof } from '../../snapshot/history/revision-proof.ts';
import { HistoryChangedFailure } from '../etcd-failure.ts';

/**
 * Compares what a new watch shows of a revision with what is known of it. Such a watch begins at that revision, and not after it:
 * the number alone does not show whether the cluster still has the same history.
 */
export class HistoryCheck {
  readonly #known: RevisionProof;
  readonly #endpoint: string;
  #isPending = true;

  constructor(known: RevisionProof, endpoint: string) {
    this.#known = known;
    this.#endpoint = endpoint;
  }

  /** True until the events have come. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /**
   * Takes the events of the known revision away from the first of `events`, which are whole transactions.
   * Throws a {@link HistoryChangedFailure} when they are others than those that are known, or missing.
   */
  pass(events: readonly DeltaEvent[]): readonly DeltaEvent[] {
    if (!this.#isPending || events.length === 0) {
      return events;
    }
    const { revision } = this.#known;
    const after = events.findIndex(({ modRevision }) => modRevision > revision);
    const count = after < 0 ? events.length : after;
    const verdict = compareProofs(this.#known, proofOf(revision, events.slice(0, count)));
    if (verdict !== 'same') {
      throw this.#failure(verdict);
    }
    this.#isPending = false;
    return events.slice(count);
  }

  /** The failure when the known revision is compacted away, so that nothing can be compared any more. */
  compacted(): HistoryChangedFailure {
    return this.#failure('unproven');
  }

  #failure(verdict: 'different' | 'unproven'): HistoryChangedFailure {
    const { revision } = this.#known;
    const different = verdict === 'different';
    return new HistoryChangedFailure({
      endpoint: this.#endpoint,
      change: different ? 'different_events' : 'unproven',
      found: different
        ? `its events at revision ${revision} are not those that were seen before`
        : `its events at revision ${revision} are compacted away, so nothing shows that its history is the same`,
      mayLag: false,
      ...(different ? { differsAt: revision } : {}),
    });
  }
}
