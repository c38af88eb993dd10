import { randomInt } from 'node:crypto';
import { combineCrc32c, crc32c } from '../../../checksum/crc32c.ts';
import { countText } from '../../../runtime/log/amount.ts';
import type { CallOptions, ObjectEntry, Upload, UploadPart } from '../../bucket.ts';
import type { StoreTask } from '../../http/store-requests.ts';
import { retryWaits, waitAfter } from '../../retry-transient.ts';
import { StoreError } from '../../store-error.ts';
import { lateArrival } from '../../upload/late-arrival.ts';
import { UploadVanished } from '../../upload/upload-vanished.ts';
import { isPreconditionFailure } from './gcs-error.ts';
import { type GcsObject, parseObject } from './gcs-object.ts';
import type { GcsRequests } from './gcs-requests.ts';

/** A part that was sent, and what is known of the component it became. */
interface Component {
  readonly key: string;
  readonly size: number;
  readonly crc: number;
  /** Undefined while it is not known whether it was stored. */
  generation: number | undefined;
}

/** What an object must be once it is complete. */
interface ExpectedObject {
  readonly size: number;
  readonly crc: number;
}

/** How often an object is composed again because another writer replaced it in between. */
const mostRaces = 5;

/** Numbers below this are those of parts; a component whose name is taken by another upload gets one above. */
const numbersOfParts = 100;

/**
 * An upload in components: each part becomes an object `KEY/<%010d>` of its own, and composing them makes the object appear as a
 * whole. Components stay; garbage collection removes them once the object exists. No component of another upload is ever
 * overwritten, and each of ours is pinned by its generation, so that two uploads to one key neither mix nor hinder each other.
 */
export class GcsUpload implements Upload {
  readonly #requests: GcsRequests;
  readonly #key: string;
  /** Parts that have arrived, by their numbers. */
  readonly #parts = new Map<number, Component>();
  /** Everything that was sent, whether it arrived or not. */
  readonly #sent: Component[] = [];
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();
  #state: 'open' | 'completed' | 'aborted' = 'open';
  /** Set while it is not known whether the object has become visible, or whether it is right: what it replaces. */
  #unverified: (ExpectedObject & { readonly over: number }) | undefined;

  constructor(requests: GcsRequests, key: string) {
    this.#requests = requests;
    this.#key = key;
  }

  async writePart(part: UploadPart, { signal }: CallOptions): Promise<void> {
    const sending = this.#sendPart(part, AbortSignal.any([signal, this.#stop.signal]));
    this.#inFlight.add(sending);
    try {
      await sending;
    } finally {
      this.#inFlight.delete(sending);
    }
  }

  async #sendPart({ number, bytes, digests }: UploadPart, signal: AbortSignal): Promise<void> {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const part = { size: body.byteLength, crc: digests?.crc32c ?? crc32c(0, body), body };
    const task: StoreTask = {
      ...this.#requests.task(`upload part ${number} of`, this.#key, { signal, retry: 'never' }),
      deadlineMs: this.#requests.timeouts.partMs,
    };
    const earlier = this.#parts.get(number);
    const first = { key: earlier?.key ?? this.#componentKey(number), over: earlier?.generation ?? 0 };
    const component =
      (await this.#writeComponent(task, { ...part, ...first })) ??
      (await this.#writeComponent(task, {
        ...part,
        key: this.#componentKey(randomInt(1, 1e8) * numbersOfParts + number),
        over: 0,
      }));
    if (component === undefined) {
      throw new StoreError('transient', { ...task, found: 'other uploads have taken the names of its parts' });
    }
    this.#parts.set(number, component);
  }

  /** Stores a component; undefined when its name is taken by an object that is not ours. */
  async #writeComponent(
    task: StoreTask,
    {
      key,
      size,
      crc,
      body,
      over,
    }: ExpectedObject & { readonly key: string; readonly body: Buffer; readonly over: number },
  ): Promise<Component | undefined> {
    const component: Component = { key, size, crc, generation: undefined };
    this.#sent.push(component);
    let stored: GcsObject | undefined;
    try {
      stored = await this.#requests.write(task, { key, bytes: body, crc, over });
    } catch (error) {
      if (!isPreconditionFailure(error)) {
        if (error instanceof StoreError && error.kind !== 'transient') {
          // The store refused, so nothing can have been stored.
          this.#sent.splice(this.#sent.indexOf(component), 1);
        }
        throw error;
      }
      // A try before this one may have stored it, and its answer was lost.
      stored = await this.#requests.stat(key, task.signal);
      if (stored === undefined || !isSame(stored, component)) {
        return undefined;
      }
    }
    component.generation = stored.generation;
    if (!isSame(stored, component)) {
      await this.#removeOwn(key, component, task.signal);
      throw new StoreError('transient', { ...task, found: 'the store received other bytes than were sent' });
    }
    return component;
  }

  #componentKey(number: number): string {
    return `${this.#key}/${String(number).padStart(10, '0')}`;
  }

  async complete(
    whole: { readonly parts: number; readonly size: number },
    { signal }: CallOptions,
  ): Promise<ObjectEntry> {
    const parts = Array.from({ length: whole.parts }, (_, at) => this.#parts.get(at + 1));
    const arrived = parts.filter((part) => part !== undefined);
    const size = arrived.reduce((sum, part) => sum + part.size, 0);
    const task = this.#requests.task('complete the upload of', this.#key, { signal, retry: 'never' });
    if (arrived.length !== whole.parts || this.#parts.size !== whole.parts || size !== whole.size) {
      const found = `${countText(this.#parts.size, 'part')} with ${size} bytes arrived, not ${whole.parts} with ${whole.size}`;
      throw new StoreError('invalid', { ...task, found });
    }
    const crc = arrived.reduce((before, part) => combineCrc32c(before, part.crc, part.size), 0);
    const stored = await this.#publish(arrived, task, { size, crc });
    this.#unverified = undefined;
    this.#state = 'completed';
    return stored.entry;
  }

  /** Makes the object, in place of what is there. A response may be lost and another writer faster: each retry looks first. */
  async #publish(parts: readonly Component[], task: StoreTask, expected: ExpectedObject): Promise<GcsObject> {
    const { timeouts, clock } = this.#requests;
    const waits = retryWaits(timeouts.retries);
    let over = (await this.#requests.stat(this.#key, task.signal))?.generation ?? 0;
    for (let races = 0; ; ) {
      this.#unverified = { ...expected, over };
      try {
        return await this.#check(await this.#compose(parts, task, over), task, expected);
      } catch (error) {
        if (error instanceof StoreError && error.kind === 'not_found') {
          throw new UploadVanished({ ...task, found: 'somebody removed or replaced its parts', cause: error });
        }
        if (!(error instanceof StoreError)) {
          throw error;
        }
        const raced = isPreconditionFailure(error);
        if (!raced && error.kind !== 'transient') {
          throw error;
        }
        const found = await this.#requests.stat(this.#key, task.signal);
        if (found !== undefined && found.generation !== over && isSame(found, expected)) {
          return found;
        }
        if (raced) {
          races += 1;
          if (races > mostRaces) {
            throw new StoreError('transient', { ...task, found: 'others keep replacing it', cause: error });
          }
        } else {
          const wait = waits.next();
          if (wait.done === true) {
            throw error;
          }
          await clock.sleep(waitAfter(error, wait.value), task.signal);
        }
        over = found?.generation ?? 0;
      }
    }
  }

  async #compose(parts: readonly Component[], task: StoreTask, over: number): Promise<GcsObject> {
    if (parts.length === 0) {
      return await this.#requests.write(task, { key: this.#key, bytes: Buffer.alloc(0), crc: 0, over });
    }
    return await this.#requests.run(task, async (abortSignal) => {
      const bucket = this.#requests.client.bucket(abortSignal);
      const sources = parts.map(({ key, generation }) =>
        bucket.file(key, generation === undefined ? {} : { generation }),
      );
      const [, resource] = await bucket.combine(sources, bucket.file(this.#key), { ifGenerationMatch: over });
      return parseObject(resource);
    });
  }

  async #check(stored: GcsObject, task: StoreTask, expected: ExpectedObject): Promise<GcsObject> {
    if (isSame(stored, expected)) {
      return stored;
    }
    // It is visible under its name and wrong, so it must not stay there.
    await this.#requests.delete(this.#key, { signal: task.signal, generation: stored.generation });
    const found = `the store holds other bytes (${stored.entry.size}) than were sent (${expected.size}); it was removed`;
    throw new StoreError('transient', { ...task, found });
  }

  get leftovers(): string {
    return `components ${this.#requests.location}/${this.#key}/*`;
  }

  async abort({ signal }: CallOptions): Promise<void> {
    if (this.#state !== 'open') {
      return;
    }
    this.#state = 'aborted';
    this.#stop.abort(new Error('the upload was aborted'));
    await Promise.allSettled(this.#inFlight);
    if (this.#unverified !== undefined) {
      await this.#removeOwn(this.#key, this.#unverified, signal);
    }
    const removals = await Promise.allSettled(
      this.#sent.map((component) => this.#removeOwn(component.key, component, signal)),
    );
    const failed = removals.find((removal) => removal.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  /** Removes an object if it is ours: of the generation that was written, or, where that is not known, with the same bytes. */
  async #removeOwn(
    key: string,
    own: ExpectedObject & { readonly generation?: number | undefined; readonly over?: number },
    signal: AbortSignal,
  ): Promise<void> {
    const generation = own.generation ?? (await this.#generationOf(key, own, signal));
    if (generation === undefined) {
      return;
    }
    try {
      await this.#requests.delete(key, { signal, generation });
    } catch (error) {
      // Replaced or gone, it is not ours any more; under retention it has to stay until garbage collection may take it.
      const settled = error instanceof StoreError && (error.kind === 'not_found' || error.kind === 'immutable');
      if (!settled && !isPreconditionFailure(error)) {
        throw error;
      }
    }
  }

  /** The generation of an object that we may have written, or that may be about to appear; undefined when it does not. */
  async #generationOf(
    key: string,
    own: ExpectedObject & { readonly over?: number },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const look = async (): Promise<number | undefined> => {
      const found = await this.#requests.stat(key, signal);
      return found !== undefined && found.generation !== own.over && isSame(found, own) ? found.generation : undefined;
    };
    return await lateArrival(look, { clock: this.#requests.clock, signal });
  }
}

function isSame(stored: GcsObject, { size, crc }: ExpectedObject): boolean {
  return stored.entry.size === size && stored.crc === crc;
}
