import { Readable } from 'node:stream';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log/logger.ts';
import type { Bucket, CallOptions, ObjectEntry, Upload, UploadPart } from '../bucket.ts';
import { type RetryOptions, type RetryPolicy, retryTransient, transferRetries } from '../retry-transient.ts';
import { StoreError } from '../store-error.ts';
import { BufferPool, type LentBuffer, noBuffer } from './buffer-pool.ts';
import { planChunkSize } from './chunk-plan.ts';
import { discardUpload } from './discard-upload.ts';
import type { Inspection } from './inspection.ts';
import type { LinkableFile } from './linkable-file.ts';
import { UploadVanished } from './upload-vanished.ts';

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

/** How often a body is sent again from its beginning, when the store forgets uploads. */
const mostUploads = 3;

/**
 * Uploads a stream of unknown length in chunks, some at once. A chunk that fails with a `transient` error is tried again
 * ({@link transferRetries}); an upload that the store has forgotten is begun again where the body can be read again. Every
 * other failure, of the source too, and a cancellation end all chunks in flight and abort the upload, so that nothing
 * becomes visible and nothing is left. Throws the first failure.
 */
export async function uploadInChunks(
  bucket: Bucket,
  request: UploadRequest,
  settings: UploadSettings,
): Promise<ObjectEntry> {
  const { again, inspection, key, onUploaded } = request;
  let sent = 0;
  const counted = {
    ...request,
    onUploaded: (bytes: number): void => {
      sent += bytes;
      onUploaded?.(bytes);
    },
  };
  for (let uploads = 1; ; uploads += 1) {
    try {
      const body = uploads === 1 || again === undefined ? request.body : again();
      return await uploadOnce(bucket, { ...counted, body }, settings);
    } catch (error) {
      // An inspection has seen the parts already.
      const mayRepeat = again !== undefined && inspection === undefined && uploads < mostUploads;
      if (!(error instanceof UploadVanished) || !mayRepeat) {
        throw error;
      }
      settings.log.warn({ key, error: error.message }, 'an upload is begun again: the store has forgotten it');
      onUploaded?.(-sent);
      sent = 0;
    }
  }
}

async function uploadOnce(bucket: Bucket, request: UploadRequest, settings: UploadSettings): Promise<ObjectEntry> {
  request.signal.throwIfAborted();
  const partSize = planChunkSize(bucket.traits, { ...request, minChunkSize: settings.minChunkSize });
  const upload = await retryTransient(
    () => bucket.beginUpload(request.key, { signal: request.signal, partSize, sizeAtLeast: request.sizeAtLeast }),
    retries(settings, request.signal, `the beginning of the upload of ${request.key}`),
  );
  try {
    const buffers = settings.buffers ?? new BufferPool({ count: Math.max(1, settings.parallel) });
    const chunks = new ChunkedUpload(upload, { bucket, request, settings, buffers, partSize });
    const link = await linked(upload, request);
    const sent = link === undefined ? await buffers.use(() => chunks.run()) : undefined;
    if (request.publishAfter !== undefined) {
      await untilAborted(request.publishAfter, request.signal);
    }
    if (request.mayPublish !== undefined) {
      const { signal } = request;
      await untilAborted(request.mayPublish({ signal }), signal);
    }
    return await upload.complete(sent ?? { parts: 1, size: link?.size() ?? 0 }, { signal: request.signal });
  } catch (error) {
    await discardUpload(upload, { key: request.key, cancelled: request.signal, log: settings.log });
    throw error;
  }
}

/** Links the file into the store, where there is one and the store can. Then nothing of the body is read. */
async function linked(
  upload: Upload,
  { linkFile, inspection, signal, onUploaded }: UploadRequest,
): Promise<LinkableFile | undefined> {
  if (linkFile === undefined || inspection !== undefined) {
    return undefined;
  }
  if ((await upload.linkFile?.(linkFile.path, { signal })) !== true) {
    return undefined;
  }
  onUploaded?.(linkFile.size());
  return linkFile;
}

interface ChunkedUploadContext {
  readonly bucket: Bucket;
  readonly request: UploadRequest;
  readonly settings: UploadSettings;
  readonly buffers: BufferPool;
  readonly partSize: number;
}

/** The chunks of one upload. */
class ChunkedUpload {
  readonly #upload: Upload;
  readonly #context: ChunkedUploadContext;
  /** Aborts with the first failure: ends the other chunks, and the wait for the source. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #inFlight = new Set<Promise<void>>();
  #parts = 0;
  #size = 0;

  constructor(upload: Upload, context: ChunkedUploadContext) {
    this.#upload = upload;
    this.#context = context;
    this.#signal = AbortSignal.any([context.request.signal, this.#stop.signal]);
  }

  /** Sends everything. When it settles, no chunk is in flight. */
  async run(): Promise<{ readonly parts: number; readonly size: number }> {
    const { request } = this.#context;
    const source = request.body[Symbol.asyncIterator]();
    const cancel = (): void => this.#fail(request.signal.reason);
    request.signal.addEventListener('abort', cancel, { once: true });
    try {
      await this.#feed(source);
      await Promise.all(this.#inFlight);
      this.#stop.signal.throwIfAborted();
      await this.#verdict();
    } catch (error) {
      this.#fail(error);
      abandon(request.body, source);
      await Promise.all(this.#inFlight);
      throw error;
    } finally {
      request.signal.removeEventListener('abort', cancel);
    }
    return { parts: this.#parts, size: this.#size };
  }

  async #feed(source: AsyncIterator<Uint8Array>): Promise<void> {
    const next = nextOf(source, this.#stop.signal);
    const { partSize } = this.#context;
    let lent: LentBuffer | undefined = await this.#take();
    let filled = 0;
    try {
      for (let step = await next(); step.done !== true; step = await next()) {
        for (let rest = step.value; rest.length > 0; ) {
          if (filled === partSize) {
            const full = lent;
            lent = undefined;
            this.#send(full, filled);
            lent = await this.#take();
            filled = 0;
          } else if (filled === lent.bytes.length) {
            // More comes than was announced. Waiting for a whole buffer while holding this one could last for ever.
            lent.bytes = enlarged(lent.bytes, partSize);
          }
          const fitting = rest.subarray(0, lent.bytes.length - filled);
          lent.bytes.set(fitting, filled);
          filled += fitting.length;
          rest = rest.subarray(fitting.length);
        }
      }
    } catch (error) {
      lent?.give();
      throw error;
    }
    // An empty object is one empty part.
    this.#send(lent, filled);
  }

  /** A buffer for the next part, as far as its size is known. */
  #take(): Promise<LentBuffer> {
    const { buffers, partSize: whole, request } = this.#context;
    const left = request.sizeBound - this.#size;
    const size = left < 0 ? whole : Math.min(left, whole);
    // Uploads that have begun come before those that have not, so that fewer sources are open and waiting.
    const place = this.#parts > 0 ? 'first' : 'last';
    return buffers.take({ size, whole }, { signal: this.#stop.signal, place });
  }

  /** Starts the upload of the first `length` bytes of a buffer and returns at once. */
  #send(lent: LentBuffer, length: number): void {
    lent.filled();
    const { bucket, request } = this.#context;
    this.#parts += 1;
    if (this.#parts > bucket.traits.maxParts) {
      lent.give();
      throw new StoreError('invalid', {
        action: 'upload',
        object: `${bucket.location}/${request.key}`,
        found: `it is larger than the ${request.sizeBound} bytes that were announced and needs too many parts`,
      });
    }
    const part = { number: this.#parts, offset: this.#size, bytes: lent.bytes.subarray(0, length) };
    this.#size += length;
    const sent = this.#deliver(part, lent).then(
      () => {
        this.#inFlight.delete(sent);
        request.onUploaded?.(length);
      },
      (error: unknown) => {
        this.#inFlight.delete(sent);
        this.#fail(error);
      },
    );
    this.#inFlight.add(sent);
  }

  async #verdict(): Promise<void> {
    const { inspection } = this.#context.request;
    if (inspection !== undefined) {
      await untilAborted(inspection.verdict(), this.#signal);
    }
  }

  /** Has the part checked, sends it, and gives back `lent`, which holds it. */
  async #deliver(part: UploadPart, lent: LentBuffer): Promise<void> {
    const { request, settings } = this.#context;
    let whole = part;
    try {
      if (request.inspection !== undefined) {
        lent.bytes = noBuffer;
        const inspected = await request.inspection.inspect(part.bytes);
        lent.bytes = Buffer.from(inspected.bytes.buffer);
        whole = { ...part, ...inspected };
      }
      await retryTransient(
        () => this.#upload.writePart(whole, { signal: this.#signal }),
        retries(settings, this.#signal, `part ${part.number} of ${request.key}`),
      );
    } finally {
      lent.give();
    }
  }

  /** Only the first failure counts; others follow from it. */
  #fail(error: unknown): void {
    this.#stop.abort(error);
  }
}

function retries(
  { clock, log, retries: policy = transferRetries }: UploadSettings,
  signal: AbortSignal,
  what: string,
): RetryOptions {
  return {
    clock,
    signal,
    policy,
    unless: (error) => error instanceof UploadVanished,
    onRetry: (error, { next, most, delayMs }) =>
      log.warn(
        { error: error.message },
        `trying ${what} again in ${delayMs / 1_000} s, try ${next} of at most ${most}`,
      ),
  };
}

/** The `next` of an iterator. It rejects with the signal's reason as soon as that aborts. */
function nextOf<T>(source: AsyncIterator<T>, signal: AbortSignal): () => Promise<IteratorResult<T>> {
  let interrupt: (reason: unknown) => void = () => {};
  signal.addEventListener('abort', () => interrupt(signal.reason), { once: true });
  return () =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      interrupt = reject;
      source.next().then(resolve, reject);
    });
}

/** Ends a source without waiting: one that stalls would never end. */
function abandon(body: AsyncIterable<Uint8Array>, source: AsyncIterator<Uint8Array>): void {
  if (body instanceof Readable) {
    body.destroy();
  }
  source.return?.().catch(() => undefined);
}

/** A buffer of `size` bytes that begins with those of `buffer`. */
function enlarged(buffer: Buffer, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size);
  larger.set(buffer);
  return larger;
}
