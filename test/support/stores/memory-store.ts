import { Readable } from 'node:stream';
import { decompress } from '../../../src/snapshot/compression.ts';
import type { DeltaEvent } from '../../../src/snapshot/delta-event.ts';
import { announcementsIn, markersInForce } from '../../../src/snapshot/history/announcement.ts';
import { decodeMarker } from '../../../src/snapshot/history/decode-marker.ts';
import {
  beginsHistory,
  encodeMarker,
  type HistoryMarker,
  type StoreMarker,
} from '../../../src/snapshot/history/history-marker.ts';
import { markStoredOrder } from '../../../src/snapshot/history/mark-stored-order.ts';
import { relativeKey } from '../../../src/snapshot/name.ts';
import { compareInChainOrder } from '../../../src/snapshot/order.ts';
import type { Snapshot, SnapshotKind } from '../../../src/snapshot/snapshot.ts';
import type { Leftover } from '../../../src/snapstore/leftover.ts';
import type { SaveOptions, SnapStore, StoredSnapshot, StoreListing } from '../../../src/snapstore/snapstore.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { decodedDelta } from '../fixtures/decoded-delta.ts';

/** A store in memory that can be slow or broken on request. */
export class MemoryStore implements SnapStore {
  readonly traits = { maxParts: Number.POSITIVE_INFINITY, minPartSize: 0, partsAreData: false, partDigests: [] };
  readonly location = 'memory';
  readonly #objects = new Map<string, { readonly snapshot: StoredSnapshot; readonly bytes: Buffer }>();
  /** Names in the order in which they became visible. */
  readonly saved: string[] = [];
  /** Names of saves that have begun. */
  readonly begun: string[] = [];
  #gate: (PromiseWithResolvers<void> & { readonly kind: SnapshotKind | undefined }) | undefined;
  #failure: StoreError | undefined;
  #deleteFailure: ((snapshot: StoredSnapshot) => StoreError | undefined) | undefined;
  #isIgnored: (name: string) => boolean = () => false;
  /** Markers that are stored for good. */
  readonly markers: StoreMarker[] = [];
  /** Markers that were stored ahead of their first fulls. */
  readonly announced: HistoryMarker[] = [];
  readonly histories = {
    announce: async (marker: HistoryMarker): Promise<void> => {
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      putMarker(this.announced, ...[decodeMarker(marker.name, encodeMarker(marker))].filter(beginsHistory));
    },
    withdraw: async (marker: HistoryMarker): Promise<void> => {
      const at = this.announced.findIndex(({ name }) => name === marker.name);
      this.announced.splice(at, at < 0 ? 0 : 1);
    },
    save: async (marker: StoreMarker): Promise<void> => {
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      putMarker(this.markers, decodeMarker(marker.name, encodeMarker(marker)));
    },
    remove: async (marker: StoreMarker): Promise<void> => {
      const at = this.markers.findIndex(({ name }) => name === marker.name);
      this.markers.splice(at, at < 0 ? 0 : 1);
    },
    names: () => Promise.resolve(this.markers.map(({ name }) => name)),
  };
  /** What uploads of killed runs have left. */
  readonly abandoned: Leftover[] = [];
  /** Names in the order in which they were deleted. */
  readonly deleted: string[] = [];

  abandonedUploads(): Promise<readonly Leftover[]> {
    return Promise.resolve([...this.abandoned]);
  }

  /** Saves (of one kind) wait from now on, with their bytes read, until {@link release}. */
  hold(kind?: SnapshotKind): void {
    this.#gate ??= { ...Promise.withResolvers<void>(), kind };
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Saves fail from now on; `undefined` ends it. */
  fail(kind: StoreError['kind'] | undefined): void {
    this.#failure = kind === undefined ? undefined : this.failure(kind);
  }

  /** What a save that fails throws. */
  failure(kind: StoreError['kind']): StoreError {
    return new StoreError(kind, { action: 'save in', object: 'memory', found: 'the test says so' });
  }

  /** Deletions fail from now on: of all objects, or of those that `which` names. `undefined` ends it. */
  failDeletes(kind: StoreError['kind'] | undefined, which: (name: string) => boolean = () => true): void {
    this.#deleteFailure =
      kind === undefined
        ? undefined
        : ({ name }) =>
            which(name)
              ? new StoreError(kind, { action: 'delete from', object: 'memory', found: 'the test says so' })
              : undefined;
  }

  /** Deletions of objects that `which` names are answered with success from now on, and do nothing. */
  ignoreDeletes(which: (name: string) => boolean): void {
    this.#isIgnored = which;
  }

  /** Puts objects there that somebody else has saved. */
  place(...snapshots: readonly Snapshot[]): void {
    for (const snapshot of snapshots) {
      const key = relativeKey(snapshot);
      this.#objects.set(key, { snapshot: { ...snapshot, key, size: 1000 }, bytes: Buffer.alloc(1000) });
    }
  }

  async save(
    snapshot: Snapshot,
    body: AsyncIterable<Uint8Array>,
    { signal, publishAfter, mayPublish }: SaveOptions,
  ): Promise<StoredSnapshot> {
    this.begun.push(snapshot.name);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      signal.throwIfAborted();
      chunks.push(Uint8Array.from(chunk));
    }
    await this.#opening(snapshot.kind, signal);
    await publishAfter;
    await mayPublish?.({ signal });
    signal.throwIfAborted();
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    const bytes = Buffer.concat(chunks);
    const stored = { ...snapshot, key: relativeKey(snapshot), size: bytes.length };
    this.#objects.set(stored.key, { snapshot: stored, bytes });
    this.saved.push(snapshot.name);
    return stored;
  }

  list(): Promise<StoreListing> {
    const snapshots = [...this.#objects.values()].map(({ snapshot }) => snapshot).sort(compareInChainOrder);
    const announcements = announcementsIn(this.announced, { snapshots, markers: this.markers });
    const markers = markersInForce(this.markers, announcements);
    return Promise.resolve({
      snapshots: [...markStoredOrder(snapshots, markers)],
      markers,
      announcements,
      ignored: [],
    });
  }

  fetch(snapshot: StoredSnapshot): Promise<Readable> {
    return Promise.resolve(Readable.from([this.#object(snapshot.name)]));
  }

  delete(snapshot: StoredSnapshot): Promise<void> {
    const failure = this.#deleteFailure?.(snapshot);
    if (failure !== undefined) {
      if (failure.kind === 'not_found') {
        this.#objects.delete(snapshot.key);
      }
      return Promise.reject(failure);
    }
    this.deleted.push(snapshot.name);
    if (!this.#isIgnored(snapshot.name)) {
      this.#objects.delete(snapshot.key);
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** The events of the delta `name`, its hash verified. */
  async events(name: string): Promise<DeltaEvent[]> {
    return (await decodedDelta(this.#expanded(name))).map(({ event }) => event);
  }

  /** The lease TTLs that the delta `name` records, seconds by lease. */
  async leaseTtls(name: string): Promise<ReadonlyMap<bigint, number>> {
    return new Map((await decodedDelta(this.#expanded(name))).flatMap(({ leaseTtls }) => [...leaseTtls]));
  }

  #expanded(name: string): AsyncIterable<Uint8Array> {
    const found = [...this.#objects.values()].find(({ snapshot }) => snapshot.name === name);
    return decompress(Readable.from([this.#object(name)]), found?.snapshot.compression ?? 'none');
  }

  #object(name: string): Buffer {
    const found = [...this.#objects.values()].find(({ snapshot }) => snapshot.name === name);
    if (found === undefined) {
      throw new StoreError('not_found', { action: 'fetch', object: name, found: 'it is not there' });
    }
    return found.bytes;
  }

  async #opening(kind: SnapshotKind, signal: AbortSignal): Promise<void> {
    const gate = this.#gate;
    if (gate === undefined || (gate.kind !== undefined && gate.kind !== kind)) {
      return;
    }
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    await Promise.race([gate.promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
  }
}

/** As in every store, an object takes the place of one of the same name. */
function putMarker<T extends StoreMarker>(markers: T[], ...added: readonly T[]): void {
  for (const marker of added) {
    const at = markers.findIndex(({ name }) => name === marker.name);
    markers.splice(at < 0 ? markers.length : at, Number(at >= 0), marker);
  }
}
