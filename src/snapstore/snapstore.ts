import type { Readable } from 'node:stream';
import type { Announcement } from '../snapshot/history/announcement.ts';
import type { StoreMarker } from '../snapshot/history/history-marker.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { CompanionStore } from './backups/companion-store.ts';
import type { HeaderOpener } from './backups/decrypted-body.ts';
import type { HistoryMarkerStore } from './backups/history-marker-store.ts';
import type { ProofStore } from './backups/proof-store.ts';
import type { BucketTraits, CallOptions, ReadOptions } from './bucket.ts';
import type { Leftover } from './leftover.ts';
import type { Inspection } from './upload/inspection.ts';
import type { LinkableFile } from './upload/linkable-file.ts';

/** A snapshot in a store. */
export interface StoredSnapshot extends Snapshot {
  /** Key inside the container. */
  readonly key: string;
  /** Bytes as stored (compressed). */
  readonly size: number;
  /** ms since the epoch, when the store forbids deletion until then. */
  readonly immutableUntil?: number;
  readonly versionId?: string;
  readonly excluded?: boolean;
  /** Of a part alone: when it was written, ms since the epoch. */
  readonly writtenAt?: number;
  /** It is a file without the name of a snapshot: its last revision and its creation time are unknown, and zero here. */
  readonly unnamed?: true;
}

/** What a store holds below its prefix. */
export interface StoreListing {
  /** In chain order: by last revision, whole before chunks, then by creation time. Chunks and excluded ones included. */
  readonly snapshots: readonly StoredSnapshot[];
  /** Say where one history of the cluster ends and another begins, or in which order snapshots were stored; in no promised order. */
  readonly markers: readonly StoreMarker[];
  /** Markers that were stored ahead of the first full of their history; left out where there can be none. */
  readonly announcements?: readonly Announcement[];
  /** Keys whose names do not parse; the first were warned about once. */
  readonly ignored: readonly string[];
}

/** Why a listing gave no snapshot. */
export type EmptyStore =
  /** The container is there, and nothing in it is a snapshot. */
  | { readonly kind: 'nothing stored' }
  | { readonly kind: 'no container' }
  /** Whether nothing is stored is not known: what is stored may be kept from the account. `reason` is a sentence without its full stop. */
  | { readonly kind: 'unproved'; readonly reason: string }
  /** What is there is named like the objects of a backup, and is no snapshot: renamed, a folder too deep, or left of one. `first` is a key. */
  | { readonly kind: 'remains'; readonly first: string; readonly count: number }
  /** Snapshots are where the folders `v1` and `v2` are expected. */
  | { readonly kind: 'directly here' }
  /** Snapshots are under other prefixes of the container; these are a few of the prefixes, perhaps with the empty one. */
  | { readonly kind: 'other prefixes'; readonly prefixes: readonly string[] };

/** How a snapshot is saved. */
export interface SaveOptions extends CallOptions {
  /** Upper bound of the body's size in bytes; decides the chunk size. */
  readonly sizeBound: number;
  /** It has at least so many bytes, where that is known. */
  readonly sizeAtLeast?: number | undefined;
  /** The body once more, from its beginning: for a store that has forgotten an unfinished upload. */
  readonly again?: () => AsyncIterable<Uint8Array>;
  /**
   * A file that holds all of the body when `publishAfter` has resolved, and that does not change from then on: a store on the same file
   * system links it and reads no body.
   */
  readonly linkFile?: LinkableFile;
  /** The object becomes visible only after this has resolved; when it rejects, saving fails with its reason. */
  readonly publishAfter?: Promise<void>;
  /** Asked when all has arrived, at the last moment before the object becomes visible; when it rejects, saving fails with its reason. */
  readonly mayPublish?: (options: CallOptions) => Promise<void>;
  /** Checks the body on its way; the object becomes visible only when it is found sound. */
  readonly inspection?: Inspection;
  /** Called with the bytes of each chunk that arrived. */
  readonly onUploaded?: (bytes: number) => void;
}

/** Which bytes of a snapshot are fetched, all when no range is given, and whether their memory may serve again. */
export type FetchOptions = CallOptions & Pick<ReadOptions, 'range' | 'tag' | 'onReusedPiece'>;

/** Backups in a container: names, layouts, order and uploads over a {@link Bucket}. Disposing of it ends its connections. */
export interface SnapStore extends AsyncDisposable {
  readonly traits: BucketTraits;
  /** For messages: container and prefix. */
  readonly location: string;
  /** Where it is a directory of this machine: that of the container, and the one below the prefix in which `v1` and `v2` are; absolute. */
  readonly directory?: { readonly container: string; readonly root: string } | undefined;
  /** Archives that belong to fulls; undefined where there can be none. */
  readonly companions?: CompanionStore;
  /** Where history markers are written; undefined where there can be none. */
  readonly histories?: HistoryMarkerStore;
  /** Where proofs are written; undefined where there can be none. */
  readonly proofs?: ProofStore;
  /** Undefined where the store has no identities to open encrypted objects. */
  readonly fileKey?: HeaderOpener | undefined;
  list(options: CallOptions): Promise<StoreListing>;
  /** Asks for the first object of a listing: whether the store answers at all. Rejects as {@link list}; left out where that is as cheap. */
  answers?(options: CallOptions): Promise<void>;
  /** Why {@link list} gave no snapshot; left out where that has one reason only. Lists the whole container. */
  whyEmpty?(options: CallOptions): Promise<EmptyStore>;
  /**
   * The stored (still compressed) bytes, all or a part: see {@link Bucket.read}; whole encrypted objects as they were before, unless the
   * store was opened to give all as it is stored. Parts are always as they are stored. A part is refused when the object has another size than
   * its listing says.
   */
  fetch(snapshot: StoredSnapshot, options: FetchOptions): Promise<Readable>;
  /**
   * Uploads `body` as `snapshot`; visible under its name only when whole. Each piece of `body` is used up before the next one
   * is requested. A source that throws aborts the upload.
   */
  save(snapshot: Snapshot, body: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<StoredSnapshot>;
  delete(snapshot: StoredSnapshot, options: CallOptions): Promise<void>;
  /** What uploads of killed runs have left; left out where there can be nothing. `now` is in ms since the epoch. */
  abandonedUploads?(options: CallOptions & { readonly now: number }): Promise<readonly Leftover[]>;
}
