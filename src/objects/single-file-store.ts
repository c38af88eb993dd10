import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { META_END } from '../datadir/bbolt/meta.ts';
import { lockDbFile } from '../datadir/db-lock.ts';
import { fileFailure } from '../fs/file-failure.ts';
import { openFile } from '../fs/open-file.ts';
import { linkAstray, realLocation } from '../fs/real-location.ts';
import { revision } from '../revision.ts';
import { Failure } from '../runtime/failure.ts';
import { AGE_VERSION_LINE } from '../snapshot/encryption/age-header.ts';
import { Identities } from '../snapshot/encryption/identities.ts';
import { SECTOR_SIZE } from '../snapshot/hash-size.ts';
import { parseRelativeKey } from '../snapshot/name.ts';
import type { Compression, Encryption } from '../snapshot/snapshot.ts';
import { decryptedBody, headerOpener } from '../snapstore/backups/decrypted-body.ts';
import type { FetchOptions, SnapStore, StoredSnapshot } from '../snapstore/snapstore.ts';
import { StoreError } from '../snapstore/store-error.ts';
import { expandedBeginning, FIRST_BLOCK_BYTES } from './expanded-beginning.ts';
import { type ForeignFormat, foreignFormat, knownFormat, SNAPSHOT_WANTED } from './foreign-format.ts';

/** Bytes read at a time. */
const READ_SIZE = 1024 * 1024;

/** First bytes of a file that say how it is compressed; lzw has none and is known by its suffix. */
const MAGIC: readonly { readonly bytes: readonly number[]; readonly compression: Compression }[] = [
  { bytes: [0x1f, 0x8b], compression: 'gzip' },
  { bytes: [0x78, 0x01], compression: 'zlib' },
  { bytes: [0x78, 0x9c], compression: 'zlib' },
  { bytes: [0x78, 0xda], compression: 'zlib' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], compression: 'zstd' },
];

/** A file that holds a full snapshot, as a store with nothing else in it. */
export interface SnapshotFile {
  readonly store: SnapStore;
  readonly snapshot: StoredSnapshot;
}

/**
 * Opens a full snapshot outside of any store: an object that was copied from one, what `etcdctl snapshot save` wrote, or
 * a database. Revision and time in the snapshot are those of its name; it is `unnamed` when the name has none.
 * A database is locked until the store is disposed of, so that no etcd writes to it meanwhile.
 * Throws a {@link Failure}: `not_a_snapshot` for a delta and what is recognised as something else, `no_hash` for a bare database where a hash is needed, `data_dir_locked` for
 * one that an etcd has open, `not_a_file`, or that the file cannot be read.
 */
export async function openSnapshotFile(
  file: string,
  options: { readonly hash: 'needed' | 'optional'; readonly identities?: Identities | undefined },
): Promise<SnapshotFile> {
  const name = path.basename(file);
  if (file === '-') {
    const found = 'standard input cannot be read twice';
    throw new Failure({ code: 'not_a_file', action: 'read', object: file, found, remedy: 'give a file' });
  }
  await refuseLinkOfOthers(file);
  const { identities = Identities.none } = options;
  const { size, compression, encryption, foreign } = await inspectFile(file, identities).catch((error: unknown) => {
    const failure = fileFailure(error, { action: 'read', object: file });
    throw failure?.code === 'not_a_file' ? failure.withRemedy(SNAPSHOT_WANTED) : (failure ?? error);
  });
  const parsed = parseRelativeKey(`v2/${name}`);
  if (parsed.outcome === 'snapshot' && parsed.snapshot.kind === 'Incr') {
    throw new Failure({
      code: 'not_a_snapshot',
      action: 'read',
      object: file,
      found: 'it is a delta, which holds changes only',
      remedy: 'give a full snapshot',
    });
  }
  if (foreign !== undefined) {
    throw new Failure({ code: 'not_a_snapshot', action: 'read', object: file, ...foreign });
  }
  await using held = new AsyncDisposableStack();
  const isPlain = compression === 'none' && encryption === undefined;
  if (isPlain) {
    held.use(await lockDbFile(file, { action: 'read' }));
  }
  if (options.hash === 'needed' && isPlain && size > 0 && size % SECTOR_SIZE === 0) {
    throw new Failure({
      code: 'no_hash',
      action: 'read',
      object: file,
      found: 'no hash follows the database, so nothing shows whether it is whole',
      remedy: 'a db that was copied from a data directory is taken with --skip-hash-check',
    });
  }
  const named = parsed.outcome === 'snapshot' ? parsed.snapshot : undefined;
  const snapshot: StoredSnapshot = {
    kind: 'Full',
    startRevision: revision(0),
    lastRevision: named?.lastRevision ?? revision(0),
    createdOn: named?.createdOn ?? 0,
    compression,
    ...(encryption === undefined ? {} : { encryption }),
    isFinal: named?.isFinal ?? false,
    layout: 'v2',
    directory: '',
    name,
    chunk: undefined,
    key: file,
    size,
    ...(named === undefined ? { unnamed: true } : {}),
  };
  return { snapshot, store: storeOf({ file, snapshot, identities }, held.move()) };
}

interface InspectedFile {
  readonly size: number;
  readonly compression: Compression;
  readonly encryption: Encryption | undefined;
  /** Why it is none; undefined when it may be one. */
  readonly foreign: ForeignFormat | undefined;
}

/**
 * Root may read everything, so it follows no link of another user to a file that does not belong to that user. Other faults show when the
 * file is opened.
 */
async function refuseLinkOfOthers(file: string): Promise<void> {
  const location = await realLocation(file).catch(() => undefined);
  const facts = location === undefined ? undefined : await stat(location.path).catch(() => undefined);
  const astray = location === undefined || facts === undefined ? undefined : linkAstray(location, facts.uid);
  if (location !== undefined && astray !== undefined) {
    throw new Failure({
      code: 'denied',
      action: 'read',
      object: file,
      found: `the link ${astray.path}, which leads there, belongs to user ${astray.uid}, and what it leads to does not`,
      remedy: `if that is meant, give ${location.path} itself`,
    });
  }
}

async function inspectFile(file: string, identities: Identities): Promise<InspectedFile> {
  const handle = await openFile(file);
  try {
    const { size } = await handle.stat();
    const { buffer: room, bytesRead } = await handle.read(Buffer.alloc(FIRST_BLOCK_BYTES), 0, FIRST_BLOCK_BYTES, 0);
    const stored = room.subarray(0, bytesRead);
    const isEncrypted = stored.toString('latin1').startsWith(AGE_VERSION_LINE);
    const buffer = isEncrypted ? await decryptedBeginning(file, identities) : stored;
    const known = MAGIC.find(({ bytes }) => bytes.every((byte, at) => buffer[at] === byte))?.compression;
    const compression = known ?? (/\.Z(\.age)?(\.final)?$/.test(file) ? 'lzw' : 'none');
    const encryption = isEncrypted ? 'age' : undefined;
    return { size, compression, encryption, foreign: await foreignIn(buffer, compression, path.basename(file)) };
  } finally {
    await handle.close();
  }
}

/** What the beginning of a file, or of what is compressed in it, shows that it is instead of a snapshot. */
async function foreignIn(
  beginning: Uint8Array,
  compression: Compression,
  name: string,
): Promise<ForeignFormat | undefined> {
  if (compression === 'none') {
    return foreignFormat(beginning, name);
  }
  const expanded = await expandedBeginning(beginning, compression);
  if (expanded === undefined) {
    return undefined;
  }
  // Of an object that is cut there may come too little to tell a database from anything else.
  const foreign = expanded.length < META_END ? knownFormat(expanded, name) : foreignFormat(expanded, name);
  return foreign === undefined ? undefined : { ...foreign, found: `expanded, ${foreign.found}` };
}

/** The first bytes of what is encrypted in a file. */
async function decryptedBeginning(file: string, identities: Identities): Promise<Buffer> {
  const { signal } = new AbortController();
  const object = { name: path.basename(file), encryption: 'age' } as const;
  const body = await decryptedBody(object, () => Promise.resolve(Readable.from(pieces(file, { signal }))), identities);
  for await (const piece of body as AsyncIterable<Buffer>) {
    return piece;
  }
  return Buffer.alloc(0);
}

function storeOf(
  {
    file,
    snapshot,
    identities,
  }: { readonly file: string; readonly snapshot: StoredSnapshot; readonly identities: Identities },
  held: AsyncDisposableStack,
): SnapStore {
  const refuse = (): Promise<never> => Promise.reject(new Error('a snapshot file is only read'));
  return {
    traits: { maxParts: 1, minPartSize: 0, partsAreData: false, partDigests: [] },
    location: file,
    list: () => Promise.resolve({ snapshots: [snapshot], markers: [], ignored: [] }),
    fileKey: headerOpener(identities),
    fetch: (_, options) => {
      const read = (): Promise<Readable> => Promise.resolve(Readable.from(pieces(file, options)));
      return options.range === undefined ? decryptedBody(snapshot, read, identities) : read();
    },
    save: refuse,
    delete: refuse,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function* pieces(file: string, { signal, range, tag }: FetchOptions): AsyncGenerator<Uint8Array, void> {
  await using handle = await openFile(file);
  const { ino, mtimeMs, size } = await handle.stat();
  if (tag?.agrees(`${ino} ${mtimeMs} ${size}`) === false) {
    throw new StoreError('invalid', { action: 'read', object: file, found: 'it was replaced while it was read' });
  }
  const part = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  for await (const bytes of handle.createReadStream({ ...part, highWaterMark: READ_SIZE })) {
    signal.throwIfAborted();
    yield bytes;
  }
}
