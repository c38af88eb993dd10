import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { crc32c } from '../../checksum/crc32c.ts';
import { openFile } from '../../fs/open-file.ts';
import { MalformedMessage, ProtobufReader } from '../../protobuf/reader.ts';
import { Damage } from '../damage.ts';
import { FRAME_HEADER_SIZE, type RecordKind, recordKind } from './record.ts';

const CHUNK_SIZE = 1 << 20;
/** After this many chunks the event loop gets a turn, so that signals are handled. */
const CHUNKS_IN_A_ROW = 16;
/** Bytes that a disk writes whole, or not at all. */
const SECTOR_SIZE = 512;

/** One intact record and where it was found. Its data is a view, see {@link SegmentReading.views}. */
export interface WalRecord {
  readonly kind: Exclude<RecordKind, 'crc'>;
  readonly data: Uint8Array;
  readonly file: string;
  /** Offset of its frame, bytes. */
  readonly offset: number;
}

/** Where a segment's records end. */
export interface SegmentEnd {
  /** Offset after the last intact record, bytes. */
  readonly offset: number;
  /** The running checksum there. */
  readonly crc: number;
  /** Whether the first record is the checksum of the segments before. Without it, the segment cannot be read alone. */
  readonly selfContained: boolean;
  /** Why the record at `offset` is torn, in the last segment only; undefined when the log ends cleanly. */
  readonly torn: string | undefined;
}

/** How to read a segment. */
export interface SegmentReading {
  readonly file: string;
  /** A crash may leave a torn record in the `last` segment; in earlier ones that is damage. */
  readonly position: 'last' | 'earlier';
  /** The running checksum at the end of the segment before, 0 for none. */
  readonly crc: number;
  /** How long the data of a record stays valid. */
  readonly views: RecordViews;
  readonly signal: AbortSignal;
}

/**
 * `lasting` views stay valid as long as they are referred to, `passing` ones until the next record is read. With passing views
 * one buffer serves the whole segment.
 */
export type RecordViews = 'lasting' | 'passing';

/**
 * Reads one segment record by record, a chunk at a time, up to the first zero length or the end of the file.
 * As in etcd, a record of the last segment is torn when it reaches beyond the end of the file, or when its checksum is wrong
 * and a sector of it is all zeros. Throws {@link Damage} for everything else that is not whole.
 * Source: etcd, server/storage/wal/decoder.go.
 */
export async function readSegment(reading: SegmentReading, visit: (record: WalRecord) => void): Promise<SegmentEnd> {
  const handle = await openFile(reading.file);
  try {
    const { size } = await handle.stat();
    return await new SegmentWalk(reading, handle, size, visit).run();
  } finally {
    await handle.close();
  }
}

class SegmentWalk {
  readonly #reading: SegmentReading;
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #visit: (record: WalRecord) => void;
  #crc: number;
  #selfContained = false;
  /** Offset of the next frame in the file. */
  #offset = 0;
  #chunk: Buffer = Buffer.alloc(0);
  /** Offset in the file of the chunk's first byte. */
  #chunkStart = 0;
  /** Number of chunks read. */
  #chunks = 0;

  constructor(reading: SegmentReading, handle: FileHandle, size: number, visit: (record: WalRecord) => void) {
    this.#reading = reading;
    this.#handle = handle;
    this.#size = size;
    this.#visit = visit;
    this.#crc = reading.crc;
  }

  async run(): Promise<SegmentEnd> {
    for (;;) {
      if (this.#offset === this.#size) {
        return this.#end(undefined);
      }
      if (this.#size - this.#offset < FRAME_HEADER_SIZE) {
        return this.#cutShort(`${this.#size - this.#offset} bytes are left for the length of a record`);
      }
      await this.#need(FRAME_HEADER_SIZE);
      const at = this.#offset - this.#chunkStart;
      const low = this.#chunk.readUInt32LE(at);
      const high = this.#chunk.readUInt32LE(at + 4);
      if (low === 0 && high === 0) {
        await this.#checkRestOfSector();
        return this.#end(undefined);
      }
      const length = low + (high & 0xffffff) * 2 ** 32;
      const padding = high >>> 31 === 0 ? 0 : (high >>> 24) & 7;
      const left = this.#size - this.#offset - FRAME_HEADER_SIZE;
      if (length + padding > left) {
        return this.#cutShort(`a record of ${length} bytes does not fit into the ${left} bytes that are left`);
      }
      await this.#need(FRAME_HEADER_SIZE + length + padding);
      const start = this.#offset - this.#chunkStart + FRAME_HEADER_SIZE;
      const torn = this.#take(this.#chunk.subarray(start, start + length + padding), length);
      if (torn !== undefined) {
        return this.#end(torn);
      }
      this.#offset += FRAME_HEADER_SIZE + length + padding;
    }
  }

  /**
   * A disk writes a sector whole, and the log fills it from the front: no crash leaves a length of zero before other bytes of
   * the same sector. etcd would take it for the end of the log and lose the records after it.
   */
  async #checkRestOfSector(): Promise<void> {
    const length = Math.min(SECTOR_SIZE - (this.#offset % SECTOR_SIZE), this.#size - this.#offset);
    await this.#need(length);
    const start = this.#offset - this.#chunkStart;
    if (this.#chunk.subarray(start, start + length).some((byte) => byte !== 0)) {
      throw this.#damage('the length of a record is zero, but other bytes follow it');
    }
  }

  /** Reads one record. Returns why it is torn, or undefined when it is intact. */
  #take(padded: Uint8Array, length: number): string | undefined {
    let record: { readonly type: number; readonly crc: number; readonly data: Uint8Array };
    try {
      record = decodeRecord(padded.subarray(0, length));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) {
        throw error;
      }
      return this.#tornOrDamaged(padded, error.message, error);
    }
    const kind = recordKind(record.type);
    if (kind === 'crc') {
      this.#selfContained ||= this.#offset === 0;
      // The first segment that is read has nothing to compare its checksum with.
      if (this.#crc !== 0 && this.#crc !== record.crc) {
        throw this.#damage(
          `the segment continues from checksum ${hex(record.crc)}, the log before ends with ${hex(this.#crc)}`,
        );
      }
      this.#crc = record.crc;
      return undefined;
    }
    const crc = crc32c(this.#crc, record.data);
    if (crc !== record.crc) {
      return this.#tornOrDamaged(padded, `the checksum is ${hex(crc)} instead of the recorded ${hex(record.crc)}`);
    }
    if (kind === undefined) {
      throw this.#damage(`a record has type ${record.type}`);
    }
    this.#crc = crc;
    this.#visit({ kind, data: record.data, file: this.#reading.file, offset: this.#offset });
    return undefined;
  }

  #tornOrDamaged(padded: Uint8Array, reason: string, cause?: unknown): string {
    if (this.#reading.position === 'last' && hasZeroSector(padded, this.#offset + FRAME_HEADER_SIZE)) {
      return `${reason}, and a part of the record is zeros`;
    }
    throw this.#damage(reason, cause);
  }

  #cutShort(reason: string): SegmentEnd {
    if (this.#reading.position === 'last') {
      return this.#end(reason);
    }
    throw this.#damage(reason);
  }

  #end(torn: string | undefined): SegmentEnd {
    return { offset: this.#offset, crc: this.#crc, selfContained: this.#selfContained, torn };
  }

  #damage(reason: string, cause?: unknown): Damage {
    return new Damage({ file: this.#reading.file, offset: this.#offset, reason, cause });
  }

  /** Reads until the chunk holds `count` bytes from the current offset on. The caller has checked that the file has them. */
  async #need(count: number): Promise<void> {
    const at = this.#offset - this.#chunkStart;
    if (at + count <= this.#chunk.length) {
      return;
    }
    if (++this.#chunks % CHUNKS_IN_A_ROW === 0) {
      await setImmediate();
    }
    this.#reading.signal.throwIfAborted();
    const fresh = this.#memory(Math.min(Math.max(count, CHUNK_SIZE), this.#size - this.#offset));
    let filled = 0;
    while (filled < fresh.length) {
      // In this thread: the handover to another thread takes longer than the read, most of all on a busy machine.
      const bytesRead = readSync(this.#handle.fd, fresh, filled, fresh.length - filled, this.#offset + filled);
      if (bytesRead === 0) {
        throw this.#damage(`the file became shorter than ${this.#size} bytes while it was read`);
      }
      filled += bytesRead;
    }
    this.#chunk = fresh;
    this.#chunkStart = this.#offset;
  }

  #memory(size: number): Buffer {
    const reusable = this.#reading.views === 'passing' && this.#chunk.length >= size;
    return reusable ? this.#chunk.subarray(0, size) : Buffer.allocUnsafe(size);
  }
}

function decodeRecord(bytes: Uint8Array): { readonly type: number; readonly crc: number; readonly data: Uint8Array } {
  const reader = new ProtobufReader(bytes);
  let type = 0;
  let crc = 0;
  let data: Uint8Array = new Uint8Array();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) type = reader.number();
    else if (field === 2) crc = reader.number();
    else if (field === 3) data = reader.bytes();
    else reader.skip();
  }
  return { type, crc, data };
}

/** True when a sector, or the part of one that the bytes at file offset `offset` cover, is all zeros. */
function hasZeroSector(bytes: Uint8Array, offset: number): boolean {
  let at = 0;
  while (at < bytes.length) {
    const end = Math.min(at + SECTOR_SIZE - ((offset + at) % SECTOR_SIZE), bytes.length);
    if (bytes.subarray(at, end).every((byte) => byte === 0)) {
      return true;
    }
    at = end;
  }
  return false;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
