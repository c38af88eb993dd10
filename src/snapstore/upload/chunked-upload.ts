import { Readable } from 'node:stream';
import { untilAborted } from '../../runtime/async/until-aborted.ts';
import type { Bucket, Upload, UploadPart } from '../bucket.ts';
import { retryTransient } from '../retry-transient.ts';
import { StoreError } from '../store-error.ts';
import { type BufferPool, type LentBuffer, noBuffer } from './buffer-pool.ts';
import type { UploadRequest, UploadSettings } from './upload-request.ts';
import { uploadRetries } from './upload-retries.ts';

/** What the chunks of an upload are made with. */
export interface ChunkedUploadContext {
  readonly bucket: Bucket;
  readonly request: UploadRequest;
  readonly settings: UploadSettings;
  readonly buffers: BufferPool;
  readonly partSize: number;
}

/** The chunks of one upload. */
export class ChunkedUpload {
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
        uploadRetries(settings, this.#signal, `part ${part.number} of ${request.key}`),
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
