import { type Announcement, announcementsIn, markersInForce } from '../../../src/snapshot/history/announcement.ts';
import type { HistoryMarker, StoreMarker } from '../../../src/snapshot/history/history-marker.ts';
import { markAheadOfClock } from '../../../src/snapshot/history/mark-ahead-of-clock.ts';
import { markStoredOrder } from '../../../src/snapshot/history/mark-stored-order.ts';
import type { StoredSnapshot } from '../../../src/snapstore/snapstore.ts';

/** The objects of one store, in the order in which they were stored. */
export class StoredObjects {
  snapshots: readonly StoredSnapshot[] = [];
  /** Markers that are stored for good. */
  saved: readonly StoreMarker[] = [];
  announced: readonly HistoryMarker[] = [];

  /** Another store with the same objects. */
  copy(): StoredObjects {
    const copy = new StoredObjects();
    copy.snapshots = this.snapshots;
    copy.saved = this.saved;
    copy.announced = this.announced;
    return copy;
  }

  get announcements(): readonly Announcement[] {
    return announcementsIn(this.announced, { snapshots: this.snapshots, markers: this.saved });
  }

  /** The markers that count: those that are stored, and those that an announcement stands in for. */
  get markers(): readonly StoreMarker[] {
    return markersInForce(this.saved, this.announcements);
  }

  /** As the store lists some of its snapshots by a clock that is at `seconds`. */
  listed(seconds: number, snapshots: readonly StoredSnapshot[] = this.snapshots): readonly StoredSnapshot[] {
    return markAheadOfClock(markStoredOrder(snapshots, this.markers), this.markers, seconds);
  }

  put(snapshot: StoredSnapshot): void {
    this.snapshots = [...this.snapshots.filter(({ name }) => name !== snapshot.name), snapshot];
  }

  save(marker: StoreMarker): void {
    this.saved = [...this.saved.filter(({ name }) => name !== marker.name), marker];
  }

  announce(marker: HistoryMarker): void {
    this.announced = [...this.announced.filter(({ name }) => name !== marker.name), marker];
  }

  withdraw({ name }: Pick<HistoryMarker, 'name'>): void {
    this.announced = this.announced.filter((marker) => marker.name !== name);
  }

  /** What a run does at its start with what one before has announced. */
  settle(): void {
    for (const { marker, state } of this.announcements) {
      if (state === 'begun') {
        this.save(marker);
      }
      this.withdraw(marker);
    }
  }
}
