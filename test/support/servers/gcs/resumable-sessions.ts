import { randomUUID } from 'node:crypto';
import {
  type GcsAttributes,
  type GcsObject,
  type GcsObjectSpace,
  type GcsPrecondition,
  GcsRefusal,
} from './object-space.ts';

/** A resumable upload that has not ended. */
interface ResumableSession {
  readonly name: string;
  readonly attributes: GcsAttributes;
  readonly precondition: GcsPrecondition;
  received: Buffer;
}

/** Progress of a resumable upload: finished, or how many bytes have come. */
export type ResumableProgress = { readonly object: GcsObject } | { readonly received: number };

/** Resumable uploads ("Resumable uploads" in the service's guides): chunks are multiples of 256 KiB but the last. */
export class ResumableSessions {
  readonly #space: GcsObjectSpace;
  readonly #sessions = new Map<string, ResumableSession>();

  constructor(space: GcsObjectSpace) {
    this.#space = space;
  }

  /** How many are unfinished. */
  get size(): number {
    return this.#sessions.size;
  }

  begin(name: string, attributes: GcsAttributes, precondition: GcsPrecondition): string {
    const id = randomUUID();
    this.#sessions.set(id, { name, attributes, precondition, received: Buffer.alloc(0) });
    return id;
  }

  /** Takes a chunk: `bytes FIRST-LAST/TOTAL`, where TOTAL may be a star; with a star for the range, asks for the state. */
  write(id: string, contentRange: string | undefined, body: Buffer): ResumableProgress {
    const session = this.#sessions.get(id);
    if (session === undefined) {
      throw new GcsRefusal(404, 'notFound', 'No such upload.');
    }
    const range = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(contentRange ?? `bytes 0-*/${body.length}`);
    if (range === null) {
      throw new GcsRefusal(400, 'badRequest', 'Failed to parse Content-Range header.');
    }
    const [, first, , total] = range;
    if (first !== undefined) {
      if (Number(first) !== session.received.length) {
        throw new GcsRefusal(503, 'backendError', 'Chunk does not begin where the last one ended.');
      }
      session.received = Buffer.concat([session.received, body]);
    }
    if (total !== undefined && total !== '*' && session.received.length === Number(total)) {
      this.#sessions.delete(id);
      const { name, attributes, precondition, received } = session;
      return { object: this.#space.put(name, received, { attributes, ...precondition }) };
    }
    if (session.received.length % (256 * 1024) !== 0) {
      throw new GcsRefusal(400, 'invalid', 'Chunks must be multiples of 256 KiB.');
    }
    return { received: session.received.length };
  }

  cancel(id: string): void {
    this.#sessions.delete(id);
  }
}
