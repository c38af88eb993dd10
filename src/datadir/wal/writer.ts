import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { syncDirectory } from '../../fs/sync.ts';
import { writeAll } from '../../fs/write-all.ts';
import { encodeEntry, encodeHardState, type HardState, type RaftEntry } from '../raft/raft.ts';
import { encodeMetadata, encodeWalSnapshot, RecordEncoder, type WalMetadata, type WalSnapshot } from './record.ts';
import { formatSegmentName } from './segment-name.ts';

/** Size of a new segment in etcd, bytes. After a segment that has grown past it a new one begins. */
const SEGMENT_SIZE = 64_000_000;

/**
 * Writes a new WAL as etcd does: each segment begins with the checksum so far and the metadata, in the first one the mark of an
 * empty snapshot follows.
 *
 * A segment has its full size from the start, as a hole in the file: etcd finds the end of the log at the first zero length,
 * and needs the space only when it writes there.
 */
export class WalWriter implements AsyncDisposable {
  readonly #directory: string;
  readonly #metadata: Uint8Array;
  readonly #segmentSize: number;
  #encoder: RecordEncoder;
  #file: FileHandle;
  #offset = 0;
  #sequence = 0;
  #lastIndex = 0;
  #state: HardState | undefined;

  private constructor(directory: string, metadata: Uint8Array, segmentSize: number, file: FileHandle) {
    this.#directory = directory;
    this.#metadata = metadata;
    this.#segmentSize = segmentSize;
    this.#encoder = new RecordEncoder(0);
    this.#file = file;
  }

  /** Creates `directory` (0700), which must not exist, with a first segment (0600). */
  static async create(
    directory: string,
    metadata: WalMetadata,
    options: { readonly segmentSize?: number } = {},
  ): Promise<WalWriter> {
    const segmentSize = options.segmentSize ?? SEGMENT_SIZE;
    await mkdir(directory, { mode: 0o700 });
    const file = await openSegment(path.join(directory, formatSegmentName({ sequence: 0, index: 0 })), segmentSize);
    const writer = new WalWriter(directory, encodeMetadata(metadata), segmentSize, file);
    try {
      await writer.#append(
        writer.#encoder.encode('crc', undefined),
        writer.#encoder.encode('metadata', writer.#metadata),
        writer.#encoder.encode('snapshot', encodeWalSnapshot({ index: 0, term: 0, confState: undefined })),
      );
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
    return writer;
  }

  /** Appends entries and then the hard state, and begins a new segment when this one is full. */
  async save(entries: readonly RaftEntry[], state: HardState): Promise<void> {
    for (const entry of entries) {
      await this.#append(this.#encoder.encode('entry', encodeEntry(entry)));
      this.#lastIndex = entry.index;
    }
    this.#state = state;
    await this.#append(this.#encoder.encode('state', encodeHardState(state)));
    if (this.#offset >= this.#segmentSize) {
      await this.#cut();
    }
  }

  /** Appends the mark of a saved snapshot. */
  async saveSnapshot(snapshot: WalSnapshot): Promise<void> {
    await this.#append(this.#encoder.encode('snapshot', encodeWalSnapshot(snapshot)));
    this.#lastIndex = Math.max(this.#lastIndex, snapshot.index);
  }

  /** Makes everything durable and closes. */
  async close(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await syncDirectory(this.#directory);
  }

  /** Closes the file, if {@link close} has not. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #append(...frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) {
      await writeAll(this.#file, frame, this.#offset);
      this.#offset += frame.length;
    }
  }

  async #cut(): Promise<void> {
    await this.#file.truncate(this.#offset);
    await this.#file.sync();
    await this.#file.close();
    this.#sequence++;
    const name = formatSegmentName({ sequence: this.#sequence, index: this.#lastIndex + 1 });
    this.#file = await openSegment(path.join(this.#directory, name), this.#segmentSize);
    this.#offset = 0;
    await this.#append(this.#encoder.encode('crc', undefined), this.#encoder.encode('metadata', this.#metadata));
    if (this.#state !== undefined) {
      await this.#append(this.#encoder.encode('state', encodeHardState(this.#state)));
    }
  }
}

async function openSegment(file: string, size: number): Promise<FileHandle> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.truncate(size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}
