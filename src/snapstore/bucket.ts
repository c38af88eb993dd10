import type { Readable } from 'node:stream';
import type { PieceReuse } from '../runtime/streams/piece-reuse.ts';
import type { ContentTag } from './content-tag.ts';
import type { Leftover } from './leftover.ts';
import type { PartDigest, PartDigests } from './upload/part-digests.ts';

/** What every call to a bucket takes. No call may outlive its signal; adapters add a deadline of their own per request. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** Why a listing may be incomplete. */
export interface ListingDoubt {
  /**
   * `objects`: some may be there that it does not show, so that an empty one proves nothing.
   * `locks`: until when they are locked may be missing. `marks`: {@link ObjectEntry.excluded} may be.
   */
  readonly about: 'objects' | 'locks' | 'marks';
  /** A sentence without its full stop. */
  readonly reason: string;
}

/** A listing. */
export interface ListOptions extends CallOptions {
  /** Called for what the account is not allowed to know, or what is not there; may be called twice for the same. */
  readonly onDoubt?: (doubt: ListingDoubt) => void;
  /** With more objects than this a listing that has to be held as a whole fails. Left out: `limits.listedObjects`. */
  readonly most?: number;
}

/** A call that concerns one object. */
export interface VersionOptions extends CallOptions {
  /** {@link ObjectEntry.versionId} of the object that is meant; left out, the newest. */
  readonly versionId?: string;
}

/** What is known of an upload before it begins, see {@link Bucket.beginUpload}. */
export interface UploadOptions extends CallOptions {
  readonly partSize: number;
  readonly sizeAtLeast?: number | undefined;
}

/** What a read may be limited to, and whether the reader uses up each piece before it asks for the second one after it. */
export interface ReadOptions extends VersionOptions, PieceReuse {
  readonly range?: { readonly start: number; readonly end: number };
  /** The object's size as a listing shows it, bytes: for stores whose answers do not say how long they are. With a range, it must have this size. */
  readonly size?: number;
  /** With a range: given to all reads of one object, which fail as soon as it is another one. */
  readonly tag?: ContentTag;
}

/** One object as a listing shows it. */
export interface ObjectEntry {
  /** Full key inside the container, `/` separated, without a leading slash. */
  readonly key: string;
  /** Bytes stored. */
  readonly size: number;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number;
  /** Until when the store refuses to delete or overwrite it, ms since the epoch. */
  readonly immutableUntil?: number;
  /** Version to address, where the store keeps several of one key. */
  readonly versionId?: string;
  /** Marked to be left out when restoring (`x-etcd-snapshot-exclude`). */
  readonly excluded?: boolean;
}

/** What callers may know of an adapter: its traits, never its name. */
export interface BucketTraits {
  /** Most parts one upload may have (S3 and OSS 9,999, GCS 31, Swift 999; Infinity where there is no limit). */
  readonly maxParts: number;
  /** Smallest size of a part that is not the last, bytes (0 where there is none). */
  readonly minPartSize: number;
  /** True where part objects are the data (Swift): deleting them loses the snapshot. */
  readonly partsAreData: boolean;
  /** Digests of each part that the adapter needs, to sign a request or to compare what arrived. May change as it learns about the store. */
  readonly partDigests: readonly PartDigest[];
  /** True where a listing streams, and the keys of a folder follow each other in it without any of another folder between them. */
  readonly listsByFolder?: boolean;
}

/** One part of an upload. Its bytes belong to the adapter until the promise settles. */
export interface UploadPart {
  /** From 1, without gaps. */
  readonly number: number;
  /** Its place in the object, bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Digests that exist already; the adapter computes the others that it needs. */
  readonly digests?: PartDigests;
}

/**
 * An upload in progress. Parts may be written in any order and at the same time, each again after a failure.
 * Nothing is visible under the key until `complete` was called, and then only the whole; after `abort` nothing remains, unless a
 * `complete` whose answer was lost succeeded: then the object is there, whole.
 */
export interface Upload {
  /** What an upload that was neither completed nor aborted leaves in the store, for messages. */
  readonly leftovers: string;
  /**
   * Instead of parts: makes the file at `path` the content without copying it; it must not change any more when `complete` is called. False
   * when the store cannot do that; then nothing has happened. The file may be removed under its own name afterwards.
   */
  linkFile?(path: string, options: CallOptions): Promise<boolean>;
  writePart(part: UploadPart, options: CallOptions): Promise<void>;
  /** Makes the object visible, whole; verifies count and size against what the store holds. */
  complete(whole: { readonly parts: number; readonly size: number }, options: CallOptions): Promise<ObjectEntry>;
  /** Removes all parts. Safe to call twice and after a failed `complete`. Never throws for a thing already gone. */
  abort(options: CallOptions): Promise<void>;
}

/**
 * A container of objects: the one interface each provider implements. It deals in keys and bytes and knows nothing of snapshots.
 *
 * Duties: errors are {@link StoreError}s; an absent object is `not_found`, an absent container `gone`;
 * listings are complete (all pages) and give each key once; reads fail, never end early, when the body is shorter than announced;
 * an adapter retries only what its SDK retries safely, callers do the rest when the kind is `transient`.
 * Disposing of a bucket ends its connections and timers.
 */
export interface Bucket extends AsyncDisposable {
  readonly traits: BucketTraits;
  /** Where it is, for messages: `s3://bucket`, `/backup`. Never a secret. */
  readonly location: string;
  /** The directory of this machine that it is, absolute; left out where it is none. */
  readonly directory?: string | undefined;
  /** Whether the container is there; left out where a listing fails without one. */
  exists?(options: CallOptions): Promise<boolean>;
  /** All objects whose key begins with `prefix`, in no promised order. */
  list(prefix: string, options: ListOptions): AsyncIterable<ObjectEntry>;
  /** The same as they arrive, many at once, with memory that does not grow; left out where a listing has no pages. */
  pages?(prefix: string, options: ListOptions): AsyncIterable<readonly ObjectEntry[]>;
  /**
   * The folders directly in `folder` (empty, or with a slash at its end): what keys below it have up to their next slash, that
   * included. Each once, in no promised order, without a listing of what is in them; folders without objects may be among them.
   */
  folders(folder: string, options: CallOptions): AsyncIterable<string>;
  /**
   * The object's bytes; `range` is a half-open byte range, cut at the object's end. A store that sends another part, or of an object of
   * another size or tag, is an error of kind `invalid`. Resolves once the first byte or the end is known.
   * Aborting the signal destroys the stream with the signal's reason.
   */
  read(key: string, options: ReadOptions): Promise<Readable>;
  /**
   * Begins an upload that will replace `key` atomically. `partSize` is the size of every part but the last, `sizeAtLeast` what
   * the whole will have at least, where that is known, bytes.
   */
  beginUpload(key: string, options: UploadOptions): Promise<Upload>;
  /** Uploads below `prefix` that were neither completed nor aborted; left out where they go by themselves, or leave objects. */
  leftovers?(prefix: string, options: CallOptions): AsyncIterable<Leftover>;
  /** Deletes the object and, where the store keeps parts as objects of their own, those as well. Absent is `not_found`. */
  delete(key: string, options: VersionOptions): Promise<void>;
}
