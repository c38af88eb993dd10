import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import { SnapshotDamage } from '../../snapshot/damage.ts';
import {
  type Announcement,
  announcedName,
  announcementName,
  announcementsIn,
  isMarkerName,
  markersInForce,
} from '../../snapshot/history/announcement.ts';
import {
  beginsHistory,
  encodeMarker,
  type HistoryMarker,
  MARKER_PREFIX,
  MARKER_SIZE_LIMIT,
  parseMarkerName,
  type StoreMarker,
} from '../../snapshot/history/history-marker.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Bucket, CallOptions, ObjectEntry } from '../bucket.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import { uploadInChunks } from '../upload/uploader.ts';

/** Markers that are fetched at once: they are short. */
const MARKERS_AT_ONCE = 8;

/** Markers in the folder of the snapshots, under names that other readers of snapshots ignore. */
export interface HistoryMarkerStore {
  /** Stores a marker; a listing shows it from then on. */
  save(marker: StoreMarker, options: CallOptions): Promise<void>;
  /** Deletes a marker. Left out where none is deleted. */
  remove?(marker: StoreMarker, options: CallOptions): Promise<void>;
  /** Stores a marker ahead of the first full of its history; a listing shows it from the moment on at which that full is there. */
  announce(marker: HistoryMarker, options: CallOptions): Promise<void>;
  /** Deletes the announcement of a marker. */
  withdraw(marker: HistoryMarker, options: CallOptions): Promise<void>;
  /** The names of all markers, also of damaged ones, without reading any; not those of announcements. */
  names?(options: CallOptions): Promise<readonly string[]>;
}

/** Whether a key is that of a history marker or its announcement, or of a part of one. */
export function isMarkerKey(key: string): boolean {
  return key.split('/').some(isMarkerName);
}

/** The markers of a listing. */
export interface ReadMarkers {
  /** Those that count, announced ones included. */
  readonly markers: readonly StoreMarker[];
  readonly announcements: readonly Announcement[];
}

/** Reads and writes the history markers in a folder (with a slash at its end) of a bucket. */
export class HistoryMarkers implements HistoryMarkerStore {
  readonly #bucket: Bucket;
  readonly #folder: string;
  readonly #upload: UploadSettings;
  readonly #log: Logger;
  /** What was read before, by everything that distinguishes one state of an object from another. */
  readonly #read = new Map<string, StoreMarker | undefined>();

  constructor(
    bucket: Bucket,
    { folder, upload, log }: { readonly folder: string; readonly upload: UploadSettings; readonly log: Logger },
  ) {
    this.#bucket = bucket;
    this.#folder = folder;
    this.#upload = upload;
    this.#log = log;
  }

  /** The markers among `entries` of a listing with these `snapshots`; each is fetched once. One that is damaged is left out with a warning. */
  async read(
    entries: readonly ObjectEntry[],
    snapshots: readonly Snapshot[],
    options: CallOptions,
  ): Promise<ReadMarkers> {
    const all = new Array<StoreMarker | undefined>(entries.length);
    await eachInParallel([...entries.entries()], MARKERS_AT_ONCE, async ([at, entry]) => {
      all[at] = await this.#markerOf(entry, options);
    });
    const stored: StoreMarker[] = [];
    const announced: HistoryMarker[] = [];
    for (const [at, marker] of all.entries()) {
      if (marker === undefined) {
        continue;
      }
      if (entries[at]?.key !== `${this.#folder}${marker.name}`) {
        announced.push(...[marker].filter(beginsHistory));
      } else {
        stored.push(marker);
      }
    }
    const announcements = announcementsIn(announced, { snapshots, markers: stored });
    return { markers: markersInForce(stored, announcements), announcements };
  }

  save(marker: StoreMarker, options: CallOptions): Promise<void> {
    return this.#write(marker.name, marker, options);
  }

  remove(marker: StoreMarker, options: CallOptions): Promise<void> {
    return this.#bucket.delete(`${this.#folder}${marker.name}`, options);
  }

  announce(marker: HistoryMarker, options: CallOptions): Promise<void> {
    return this.#write(announcementName(marker), marker, options);
  }

  withdraw(marker: HistoryMarker, options: CallOptions): Promise<void> {
    return this.#bucket.delete(`${this.#folder}${announcementName(marker)}`, options);
  }

  async #write(name: string, marker: StoreMarker, options: CallOptions): Promise<void> {
    const bytes = encodeMarker(marker);
    const upload = {
      ...options,
      key: `${this.#folder}${name}`,
      body: once(bytes),
      again: () => once(bytes),
      sizeBound: bytes.length,
    };
    await uploadInChunks(this.#bucket, upload, this.#upload);
  }

  async names(options: CallOptions): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { key } of this.#bucket.list(`${this.#folder}${MARKER_PREFIX}`, options)) {
      const name = key.slice(this.#folder.length);
      if (parseMarkerName(name) !== undefined) {
        names.push(name);
      }
    }
    return names.sort();
  }

  async #markerOf(entry: ObjectEntry, options: CallOptions): Promise<StoreMarker | undefined> {
    const own = entry.key.slice(this.#folder.length);
    const name = announcedName(own) ?? own;
    if (!entry.key.startsWith(this.#folder) || parseMarkerName(name) === undefined) {
      return undefined;
    }
    const state = JSON.stringify([entry.key, entry.size, entry.modifiedAt, entry.versionId]);
    if (!this.#read.has(state)) {
      this.#read.set(state, await this.#fetch(name, entry, options));
    }
    return this.#read.get(state);
  }

  /** Undefined when it is damaged. Throws what the store throws. */
  async #fetch(name: string, entry: ObjectEntry, { signal }: CallOptions): Promise<StoreMarker | undefined> {
    try {
      if (entry.size > MARKER_SIZE_LIMIT) {
        throw new SnapshotDamage(`it has ${entry.size} bytes, a history marker at most ${MARKER_SIZE_LIMIT}`);
      }
      const pieces: Uint8Array[] = [];
      let size = 0;
      const version = entry.versionId === undefined ? {} : { versionId: entry.versionId };
      for await (const piece of await this.#bucket.read(entry.key, { signal, size: entry.size, ...version })) {
        pieces.push(piece);
        size += piece.length;
        if (size > MARKER_SIZE_LIMIT) {
          throw new SnapshotDamage('it is longer than the store says');
        }
      }
      const { decodeMarker } = await import('../../snapshot/history/decode-marker.ts');
      return decodeMarker(name, Buffer.concat(pieces));
    } catch (error) {
      if (!(error instanceof SnapshotDamage)) {
        throw error;
      }
      this.#log.warn({ key: entry.key, reason: error.message }, `ignoring a history marker: ${error.message}`);
      return undefined;
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
