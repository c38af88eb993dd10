import type { Readable } from 'node:stream';
import { type Revision, revision } from '../../revision.ts';
import { LAST_TIME } from '../../snapshot/name.ts';
import type { Encryption } from '../../snapshot/snapshot.ts';
import type { Bucket, CallOptions, ObjectEntry } from '../bucket.ts';
import type { UploadSettings } from '../upload/upload-request.ts';
import { uploadInChunks } from '../upload/uploader.ts';
import { decryptedBody, type Opening } from './decrypted-body.ts';
import { listOnce } from './list-once.ts';
import { readListed } from './listed-object.ts';

/** An archive of files that belongs to a full snapshot. */
export interface Companion {
  /** `Companion-<last revision %08d>-<unix seconds>.tar.gz[.age]`, with the numbers of the full's name. */
  readonly name: string;
  /** Key inside the container. */
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  readonly lastRevision: Revision;
  /** Seconds since the epoch. */
  readonly createdOn: number;
  readonly encryption?: Encryption | undefined;
}

/** Archives in the folder of the snapshots, under names that listings of snapshots ignore. */
export interface CompanionStore {
  /** Oldest first. */
  list(options: CallOptions): Promise<readonly Companion[]>;
  save(
    full: Pick<Companion, 'lastRevision' | 'createdOn' | 'encryption'>,
    body: AsyncIterable<Uint8Array>,
    options: CallOptions & {
      /** Upper bound of the body's size, bytes. */
      readonly sizeBound: number;
      /** Makes the body again when the store has forgotten the upload; left out, that is a failure. */
      readonly again?: () => AsyncIterable<Uint8Array>;
    },
  ): Promise<Companion>;
  /** The archive; decrypted where the store was opened with identities. */
  fetch(companion: Companion, options: CallOptions): Promise<Readable>;
  /** Deletes it and what its upload may have left. */
  delete(companion: Companion, options: CallOptions): Promise<void>;
}

const namePattern = /^Companion-(\d{8,})-(\d+)\.tar\.gz(\.age)?$/;

/** Whether a key is that of a companion, or of a part of one. */
export function isCompanionKey(key: string): boolean {
  return key.split('/').some((part) => namePattern.test(part));
}

/** Companions in a folder (with a slash at its end) of a bucket. */
export function companionsIn(
  bucket: Bucket,
  {
    folder,
    upload,
    identities,
  }: { readonly folder: string; readonly upload: UploadSettings; readonly identities: Opening },
): CompanionStore {
  return {
    async list(options) {
      const found: Companion[] = [];
      for await (const entry of listOnce(bucket, `${folder}Companion-`, options)) {
        const companion = companionOf(entry, folder);
        if (companion !== undefined) {
          found.push(companion);
        }
      }
      return found.toSorted((a, b) => a.createdOn - b.createdOn || a.lastRevision - b.lastRevision);
    },
    async save({ lastRevision, createdOn, encryption }, body, options) {
      const name = `Companion-${String(lastRevision).padStart(8, '0')}-${createdOn}.tar.gz${encryption === undefined ? '' : `.${encryption}`}`;
      const key = `${folder}${name}`;
      const { size } = await uploadInChunks(bucket, { ...options, key, body }, upload);
      return { name, key, size, lastRevision, createdOn, ...(encryption === undefined ? {} : { encryption }) };
    },
    fetch: (companion, options) =>
      decryptedBody(
        companion,
        () =>
          readListed(companion.key, () => bucket.read(companion.key, { ...options, size: companion.size }), {
            bucket,
            ...options,
          }),
        identities,
      ),
    async delete({ key }, options) {
      await bucket.delete(key, options);
      for await (const part of bucket.list(`${key}/`, options)) {
        await bucket.delete(part.key, options);
      }
    },
  };
}

function companionOf({ key, size }: ObjectEntry, folder: string): Companion | undefined {
  const name = key.slice(folder.length);
  const match = namePattern.exec(name);
  const [lastRevision, createdOn] = [Number(match?.[1]), Number(match?.[2])];
  return Number.isSafeInteger(lastRevision) && createdOn <= LAST_TIME
    ? {
        ...{ name, key, size, lastRevision: revision(lastRevision), createdOn },
        ...(match?.[3] === undefined ? {} : { encryption: 'age' as const }),
      }
    : undefined;
}
