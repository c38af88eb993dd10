import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { CallOptions } from '../bucket.ts';
import type { RetryPolicy } from '../retry-transient.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Inspection } from './inspection.ts';
import type { LinkableFile } from './linkable-file.ts';

/** Settings of a store's uploads. */
export interface UploadSettings {
  /** Chunks in flight at once, and buffers held: memory is at most this many times the chunk size. */
  readonly parallel: number;
  /** The buffers, where the uploads of a store share them; each has its own when left out. */
  readonly buffers?: BufferPool;
  /** Bytes. */
  readonly minChunkSize: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How a chunk is tried again; left out: {@link transferRetries}. */
  readonly retries?: RetryPolicy;
}

/** One object to upload. */
export interface UploadRequest extends CallOptions {
  readonly key: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** The body once more, from its beginning; left out where it can be read once only. */
  readonly again?: (() => AsyncIterable<Uint8Array>) | undefined;
  /** Upper bound of the body's size, bytes. */
  readonly sizeBound: number;
  /** It has at least so many bytes, where that is known. */
  readonly sizeAtLeast?: number | undefined;
  /** Holds all of the body when `publishAfter` has resolved; it does not change from then on. */
  readonly linkFile?: LinkableFile;
  /** The object becomes visible only after this has resolved; when it rejects, the upload fails with its reason. */
  readonly publishAfter?: Promise<void>;
  /** Asked when all has arrived, at the last moment before the object becomes visible; when it rejects, the upload fails with its reason. */
  readonly mayPublish?: (options: CallOptions) => Promise<void>;
  /** Checks the parts; when it finds damage, the upload fails with that and nothing becomes visible. */
  readonly inspection?: Inspection;
  readonly onUploaded?: (bytes: number) => void;
}
