import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { eachInParallel } from '../../runtime/async/each-in-parallel.ts';
import { countText } from '../../runtime/log/amount.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { PieceReuse } from '../../runtime/streams/piece-reuse.ts';
import { Identities } from '../../snapshot/encryption/identities.ts';
import { markAheadOfClock } from '../../snapshot/history/mark-ahead-of-clock.ts';
import { markStoredOrder } from '../../snapshot/history/mark-stored-order.ts';
import { parseRelativeKey, relativeKey } from '../../snapshot/name.ts';
import { compareInChainOrder } from '../../snapshot/order.ts';
import type { Layout, Snapshot } from '../../snapshot/snapshot.ts';
import type { Bucket, BucketTraits, CallOptions, ListingDoubt, ObjectEntry } from '../bucket.ts';
import type { Leftover } from '../leftover.ts';
import type { EmptyStore, FetchOptions, SaveOptions, SnapStore, StoredSnapshot, StoreListing } from '../snapstore.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import { uploadInChunks } from '../upload/uploader.ts';
import { abandonedUploads } from './abandoned-uploads.ts';
import { type CompanionStore, companionsIn, isCompanionKey } from './companion-store.ts';
import { decryptedBody, type HeaderOpener, headerOpener, type Opening } from './decrypted-body.ts';
import { HistoryMarkers, isMarkerKey } from './history-marker-store.ts';
import { listOnce } from './list-once.ts';
import { readListed } from './listed-object.ts';
import { isProofKey, type ProofStore, proofsIn } from './proof-store.ts';
import { storeRoot } from './store-root.ts';
import { whyEmpty } from './why-empty.ts';

/** Listings read both, so that backups of old releases are found together with new ones. */
const LAYOUTS: readonly Layout[] = ['v1', 'v2'];

/** Objects that are no snapshots and are named one by one. */
const MOST_NAMED = 3;

/** A place for backups inside a bucket. */
export interface BackupStoreOptions {
  readonly bucket: Bucket;
  /** Folder inside the container, as the user gave it; empty for its top. Holds the folders `v1` and `v2`. */
  readonly prefix: string;
  readonly upload: UploadSettings;
  readonly log: Logger;
  /** What opens encrypted objects; nothing when left out. */
  readonly identities?: Opening | undefined;
}

/** Backups over any {@link Bucket}: names, layouts, order and uploads. */
export class BackupStore implements SnapStore {
  readonly location: string;
  readonly companions: CompanionStore;
  readonly histories: HistoryMarkers;
  readonly proofs: ProofStore;
  readonly #bucket: Bucket;
  /** Empty or with a slash at its end. */
  readonly #root: string;
  readonly #upload: UploadSettings;
  readonly #log: Logger;
  readonly #identities: Opening;
  readonly #warned = new Set<string>();
  #foreign = 0;
  #ahead = 0;

  /** Throws a {@link StoreError} of kind `invalid` when the prefix leads out of the container. */
  constructor(options: BackupStoreOptions) {
    this.#bucket = options.bucket;
    this.#root = storeRoot(options.prefix, options.bucket.location);
    this.location = `${options.bucket.location}/${this.#root}`.replace(/\/$/, '');
    this.#upload = options.upload;
    this.#log = options.log;
    this.#identities = options.identities ?? Identities.none;
    const inFolder = { folder: `${this.#root}v2/`, upload: options.upload, log: options.log };
    this.companions = companionsIn(options.bucket, { ...inFolder, identities: this.#identities });
    this.histories = new HistoryMarkers(options.bucket, inFolder);
    this.proofs = proofsIn(options.bucket, inFolder);
  }

  get directory(): SnapStore['directory'] {
    const { directory: container } = this.#bucket;
    return container === undefined ? undefined : { container, root: posix.join(container, this.#root, '.') };
  }

  get fileKey(): HeaderOpener | undefined {
    return headerOpener(this.#identities);
  }

  get traits(): BucketTraits {
    return this.#bucket.traits;
  }

  async list(options: CallOptions): Promise<StoreListing> {
    const snapshots: StoredSnapshot[] = [];
    const ignored: string[] = [];
    const markers: ObjectEntry[] = [];
    const onDoubt = ({ reason }: ListingDoubt): void => this.#warnOnce(reason, () => this.#log.warn(reason));
    const listed = LAYOUTS.map((layout) => ({ folder: `${this.#root}${layout}/`, entries: [] as ObjectEntry[] }));
    // Both are asked for at once: to a store that is far away each request is a wait.
    await eachInParallel(listed, listed.length, async ({ folder, entries }) => {
      for await (const entry of listOnce(this.#bucket, folder, { ...options, onDoubt })) {
        entries.push(entry);
      }
    });
    for (const { folder, entries } of listed) {
      for (const entry of entries) {
        if (!entry.key.startsWith(folder)) {
          // Some services do not look at the prefix: what is elsewhere is not ours.
          continue;
        }
        const parsed = parseRelativeKey(entry.key.slice(this.#root.length));
        if (parsed.outcome === 'snapshot') {
          snapshots.push(stored(parsed.snapshot, entry));
        } else if (isMarkerKey(entry.key)) {
          markers.push(entry);
        } else if (!(isFolderMarker(entry) || isCompanionKey(entry.key) || isProofKey(entry.key))) {
          ignored.push(entry.key);
          this.#warnOfForeign(entry.key, { reason: parsed.reason, before: ignored.length });
        }
      }
    }
    this.#warnOfRest(ignored.length);
    const { markers: read, announcements } = await this.histories.read(markers, snapshots, options);
    const now = Math.floor(this.#upload.clock.now() / 1000);
    const inOrder = markStoredOrder(snapshots.sort(compareInChainOrder), read);
    const marked = markAheadOfClock(inOrder, read, now);
    this.#warnOfAhead(marked);
    return { snapshots: marked, markers: read, announcements, ignored };
  }

  async answers(options: CallOptions): Promise<void> {
    for await (const _ of this.#bucket.list(`${this.#root}v2/`, options)) {
      return;
    }
  }

  whyEmpty(options: CallOptions): Promise<EmptyStore> {
    return whyEmpty(this.#bucket, this.#root, options);
  }

  fetch(snapshot: StoredSnapshot, { onReusedPiece, ...options }: FetchOptions): Promise<Readable> {
    // What decrypts may keep a piece for longer.
    const reuse: PieceReuse = snapshot.encryption === undefined ? { onReusedPiece } : {};
    const read = (): Promise<Readable> =>
      readListed(
        snapshot.key,
        () => this.#bucket.read(snapshot.key, { ...options, ...reuse, ...versionOf(snapshot), size: snapshot.size }),
        { bucket: this.#bucket, signal: options.signal },
      );
    return options.range === undefined ? decryptedBody(snapshot, read, this.#identities) : read();
  }

  async save(snapshot: Snapshot, body: AsyncIterable<Uint8Array>, options: SaveOptions): Promise<StoredSnapshot> {
    const key = `${this.#root}${relativeKey(snapshot)}`;
    return stored(snapshot, await uploadInChunks(this.#bucket, { ...options, key, body }, this.#upload));
  }

  delete(snapshot: StoredSnapshot, options: CallOptions): Promise<void> {
    return this.#bucket.delete(snapshot.key, { ...options, ...versionOf(snapshot) });
  }

  abandonedUploads(options: CallOptions & { readonly now: number }): Promise<readonly Leftover[]> {
    return abandonedUploads(this.#bucket, this.#root, options);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#bucket[Symbol.asyncDispose]();
  }

  /** Names the first few objects of others; a prefix that is shared may hold thousands. */
  #warnOfForeign(key: string, { reason, before }: { readonly reason: string; readonly before: number }): void {
    if (before <= MOST_NAMED) {
      this.#warnOnce(key, () => this.#log.warn({ key, reason }, 'ignoring an object that is no snapshot'));
    }
  }

  /** Says what is named ahead of the clock, again when there is more. */
  #warnOfAhead(snapshots: readonly StoredSnapshot[]): void {
    const ahead = snapshots.filter((each) => each.ahead !== undefined);
    const [first] = ahead;
    if (first !== undefined && ahead.length > this.#ahead) {
      const excluded = ahead.filter((each) => each.excluded === true).length;
      this.#log.warn(
        { snapshots: ahead.length, first: first.name, notUsed: excluded },
        `${countText(ahead.length, 'snapshot')} below ${this.location} ${ahead.length === 1 ? 'is' : 'are'} named for a time that has not come yet, such as ${first.name}: ` +
          'a clock was wrong, or the name is forged. Nothing is deleted or left for it; its place follows from its revisions',
      );
    }
    this.#ahead = Math.max(this.#ahead, ahead.length);
  }

  /** Says how many there are beyond those that were named, again when there are more. */
  #warnOfRest(count: number): void {
    if (count > MOST_NAMED && count > this.#foreign) {
      this.#log.warn(
        { objects: count },
        `Ignored ${countText(count, 'object')} below ${this.location}, of which no name is that of a snapshot`,
      );
    }
    this.#foreign = Math.max(this.#foreign, count);
  }

  #warnOnce(what: string, warn: () => void): void {
    if (!this.#warned.has(what)) {
      this.#warned.add(what);
      warn();
    }
  }
}

/** Consoles of object stores make an empty object for each folder. */
function isFolderMarker(entry: ObjectEntry): boolean {
  return entry.size === 0 && entry.key.endsWith('/');
}

function stored(snapshot: Snapshot, entry: ObjectEntry): StoredSnapshot {
  const { modifiedAt, ...facts } = entry;
  return { ...snapshot, ...facts, ...(snapshot.chunk === undefined ? {} : { writtenAt: modifiedAt }) };
}

function versionOf(snapshot: StoredSnapshot): { readonly versionId?: string } {
  return snapshot.versionId === undefined ? {} : { versionId: snapshot.versionId };
}
