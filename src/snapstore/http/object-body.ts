import { Readable } from 'node:stream';
import { BodyDripped, BodyFault } from './body-fault.ts';
import { DeadlineExceeded, type RequestBounds, withDeadline } from './request-deadline.ts';

/** A body as the SDK returns it. */
export interface RawBody {
  readonly stream: Readable;
  /** Exactly this many bytes must come. */
  readonly length: number;
  /** The store's checksum of the bytes; left out where it states none or only a part of the object is read. */
  readonly checksum?: BodyChecksum | undefined;
}

/** A running checksum that knows what it should come to. */
export interface BodyChecksum {
  update(bytes: Uint8Array): void;
  /** Called once, at the end: true when the bytes are those that were stored. */
  matches(): boolean;
}

/** How a body is opened and watched. */
export interface BodyCall extends RequestBounds {
  /** How long the body may deliver nothing while its reader waits, and how long its reader may wait for each 64 KiB, ms. */
  readonly stallMs: number;
  /** Sends the request. The signal aborts it at any time until the body has ended. */
  readonly open: (signal: AbortSignal) => Promise<RawBody>;
}

/** What has to come within the time for a stall, bytes: what drips would take years. */
const STEADY = 64 * 1024;

/**
 * Opens an object's body and resolves once its first byte or its end is known. The stream it gives fails with a translated error
 * when the connection breaks, when fewer or more bytes come than were announced, when they do not match the store's checksum, and
 * when nothing, or next to nothing, comes for `stallMs`; it is destroyed with the caller's reason when the caller aborts. Destroying it ends the request.
 */
export async function openBody(call: BodyCall): Promise<Readable> {
  const request = new AbortController();
  let body: ObjectBody | undefined;
  try {
    return await withDeadline(call, async (signal) => {
      const onAbort = (): void => request.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        const raw = await call.open(request.signal);
        body = new ObjectBody(raw, call, request);
        // The deadline may have passed while `open` was about to return.
        signal.throwIfAborted();
        await body.begun;
        return body;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    });
  } catch (error) {
    request.abort(error);
    body?.destroy();
    throw error;
  }
}

/**
 * The bytes of a body, for readers that use each piece up at once: a piece is valid only until the next is requested. Then the
 * memory of pieces that came over a network is freed: left to the garbage collector, it would cost tens of megabytes.
 */
export async function* consumeBody(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const mayBeFreed = body instanceof ObjectBody;
  for await (const piece of body as AsyncIterable<Buffer<ArrayBuffer>>) {
    yield piece;
    // Small pieces may share memory with others.
    if (mayBeFreed && piece.length === piece.buffer.byteLength) {
      piece.buffer.transfer(0);
    }
  }
}

/** Pulls from the raw stream only as its reader asks, so that a slow reader is not taken for a stalled server. */
class ObjectBody extends Readable {
  /** Settles when the first byte, the end or the first error arrived. */
  readonly begun: Promise<void>;
  readonly #raw: RawBody;
  readonly #call: BodyCall;
  readonly #request: AbortController;
  readonly #begin = Promise.withResolvers<void>();
  #received = 0;
  #wanted = false;
  #complete = false;
  #stall: NodeJS.Timeout | undefined;
  /** When the reader began to wait, and how long it has waited before, for how many bytes. */
  #waitingSince = 0;
  #waitedMs = 0;
  #waitedFor = 0;

  constructor(raw: RawBody, call: BodyCall, request: AbortController) {
    super({ highWaterMark: 64 * 1024 });
    this.#raw = raw;
    this.#call = call;
    this.#request = request;
    this.begun = this.#begin.promise;
    // A failure may come before anyone reads. It is kept for the reader; unhandled, it would end the process.
    this.begun.catch(() => undefined);
    this.on('error', () => undefined);
    call.signal.addEventListener('abort', this.#onAbort, { once: true });
    raw.stream.on('error', (error) => this.#fail(error));
    raw.stream.on('end', () => this.#finish());
    raw.stream.on('close', () => this.#finish());
    raw.stream.on('readable', () => {
      this.#begin.resolve();
      this.#pump();
    });
    // It may have broken while the length of the object was asked for: then no event comes any more.
    if (raw.stream.errored !== null) {
      this.#fail(raw.stream.errored);
    } else if (raw.stream.destroyed) {
      this.#finish();
    }
  }

  override _read(): void {
    this.#wanted = true;
    clearTimeout(this.#stall);
    this.#waitingSince = performance.now();
    const { stallMs } = this.#call;
    this.#stall = setTimeout(() => this.#fail(new DeadlineExceeded(stallMs)), stallMs);
    this.#pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#stall);
    this.#call.signal.removeEventListener('abort', this.#onAbort);
    this.#begin.reject(error);
    if (!this.#complete) {
      this.#request.abort(error);
    }
    this.#raw.stream.destroy();
    callback(error);
  }

  #pump(): void {
    while (this.#wanted) {
      const chunk: Buffer | null = this.#raw.stream.read();
      if (chunk === null) {
        return;
      }
      this.#received += chunk.length;
      if (this.#received > this.#raw.length) {
        this.#fail(new BodyFault(`more than the announced ${this.#raw.length} bytes came`));
        return;
      }
      clearTimeout(this.#stall);
      if (this.#isDripping(chunk.length)) {
        this.#fail(new BodyDripped(`no more than ${this.#waitedFor} bytes came within ${this.#call.stallMs / 1000} s`));
        return;
      }
      this.#raw.checksum?.update(chunk);
      this.#wanted = false;
      this.push(chunk);
    }
  }

  /** Whether the reader has waited too long for too little, now that more has come. */
  #isDripping(bytes: number): boolean {
    this.#waitedMs += performance.now() - this.#waitingSince;
    this.#waitedFor += bytes;
    if (this.#waitedFor >= STEADY) {
      this.#waitedMs = 0;
      this.#waitedFor = 0;
    }
    return this.#waitedMs > this.#call.stallMs;
  }

  #finish(): void {
    if (this.destroyed || this.#complete) {
      return;
    }
    if (this.#received < this.#raw.length) {
      this.#fail(new BodyFault(`the body ended after ${this.#received} of ${this.#raw.length} bytes`));
      return;
    }
    if (this.#raw.checksum?.matches() === false) {
      this.#fail(new BodyFault(`the ${this.#received} bytes that came do not match the object's checksum`));
      return;
    }
    clearTimeout(this.#stall);
    this.#complete = true;
    this.#begin.resolve();
    this.push(null);
  }

  #fail(error: unknown): void {
    if (!this.destroyed) {
      this.destroy(this.#call.translate(error));
    }
  }

  readonly #onAbort = (): void => {
    const { reason } = this.#call.signal;
    this.destroy(reason instanceof Error ? reason : new Error(String(reason)));
  };
}
