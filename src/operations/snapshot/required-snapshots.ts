import type { SnapshotKind } from '../../snapshot/snapshot.ts';
import type { SnapshotterListener } from './events.ts';

/** Whether there are changes that no full, or no delta, holds yet. Reports it only when it changes. */
export class RequiredSnapshots {
  readonly #listener: SnapshotterListener;
  readonly #required: Record<SnapshotKind, boolean> = { Full: false, Incr: false };

  constructor(listener: SnapshotterListener) {
    this.#listener = listener;
  }

  /** The cluster has changed. */
  changed(): void {
    this.#set('Incr', true);
    this.#set('Full', true);
  }

  /** A full, or a delta, holds everything that has arrived. A full makes deltas superfluous, too. */
  covered(by: SnapshotKind): void {
    if (by === 'Full') {
      this.#set('Full', false);
    }
    this.#set('Incr', false);
  }

  #set(kind: SnapshotKind, required: boolean): void {
    if (this.#required[kind] !== required) {
      this.#required[kind] = required;
      this.#listener({ type: 'required', kind, required });
    }
  }
}
