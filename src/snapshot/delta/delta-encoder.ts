import { createHash } from 'node:crypto';
import { type Revision, revision } from '../../revision.ts';
import { Int64Map } from '../../runtime/int64-map.ts';
import type { DeltaEvent } from '../delta-event.ts';
import { KeyFilter } from '../key-index/key-filter.ts';
import { type EventTime, formatEventTime } from './event-time.ts';

/** Bytes that are hashed at a time. */
const BUFFER_SIZE = 256 * 1024;

/**
 * Builds a delta as its events arrive, byte for byte as Go's JSON encoder writes it:
 * `[{"etcdEvent":{"type":1,"kv":{"key":…,"create_revision":…,"mod_revision":…,"version":…,"value":…,"lease":…}},"time":…},…]`,
 * zero fields left out, `type` only for deletes, and the SHA-256 of the text after it.
 *
 * The recorded TTLs of leases are one more member of the last event, `"leaseTTLs":{"<lease id>":<seconds>,…}`, which other
 * readers ignore. It is the last event because etcd is asked for TTLs after the events have arrived.
 */
export class DeltaEncoder {
  /** The keys of the events so far. */
  readonly keys = new KeyFilter();
  readonly #hash = createHash('sha256');
  readonly #chunks: Buffer[] = [];
  #buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #used = 0;
  #size = 0;
  #count = 0;
  #first = revision(0);
  #last = revision(0);
  /** The time of the last event: events that arrive together share it. */
  #time: EventTime | undefined;
  #timeText = '';
  readonly #leaseTtls = new Int64Map<number>();

  /** Number of events. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of text so far, about as many as are in memory. */
  get size(): number {
    return this.#size;
  }

  /** Revision of the first event; 0 when there is none. */
  get firstRevision(): Revision {
    return this.#first;
  }

  /** Revision of the last event; 0 when there is none. */
  get lastRevision(): Revision {
    return this.#last;
  }

  /** Adds an event. Throws a RangeError when its revision is below that of the one before. */
  append(event: DeltaEvent, time: EventTime): void {
    if (event.modRevision < this.#last) {
      throw new RangeError(`an event of revision ${event.modRevision} cannot follow one of ${this.#last}`);
    }
    if (this.#count === 0) {
      this.#first = event.modRevision;
    }
    this.#last = event.modRevision;
    this.keys.add(event.key);
    if (time !== this.#time) {
      this.#time = time;
      this.#timeText = formatEventTime(time);
    }
    this.#write(`${this.#count === 0 ? '[' : '},'}${openEventText(event, this.#timeText)}`);
    this.#count += 1;
  }

  /** Records the TTL that a lease was granted with, seconds. May be called at any time before {@link finish}. */
  recordLeaseTtl(lease: bigint, ttlSeconds: number): void {
    this.#leaseTtls.set(lease, ttlSeconds);
  }

  /** Ends the text and returns it with its hash. The encoder must not be used afterwards. */
  finish(): readonly Uint8Array[] {
    this.#write(this.#count === 0 ? '[]' : `${leaseTtlsText(this.#leaseTtls)}}]`);
    this.#endBuffer();
    return [...this.#chunks, this.#hash.digest()];
  }

  #write(text: string): void {
    this.#size += text.length;
    if (this.#used + text.length > BUFFER_SIZE) {
      this.#endBuffer();
      if (text.length > BUFFER_SIZE) {
        this.#keep(Buffer.from(text, 'latin1'));
        return;
      }
    }
    this.#used += this.#buffer.write(text, this.#used, 'latin1');
  }

  #endBuffer(): void {
    if (this.#used > 0) {
      this.#keep(this.#buffer.subarray(0, this.#used));
      this.#buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
      this.#used = 0;
    }
  }

  #keep(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#chunks.push(chunk);
  }
}

function leaseTtlsText(ttls: Iterable<readonly [bigint, number]>): string {
  const members = Array.from(ttls, ([lease, seconds]) => `"${lease}":${seconds}`);
  return members.length === 0 ? '' : `,"leaseTTLs":{${members.join(',')}}`;
}

/** An event but for its last brace. All characters are ASCII, so the text has as many bytes as characters. */
function openEventText(event: DeltaEvent, at: string): string {
  const key = base64(event.key);
  if (event.type === 'delete') {
    return `{"etcdEvent":{"type":1,"kv":{"key":"${key}","mod_revision":${event.modRevision}}},"time":"${at}"`;
  }
  const value = event.value.length === 0 ? '' : `,"value":"${base64(event.value)}"`;
  const lease = event.lease === 0n ? '' : `,"lease":${event.lease}`;
  const numbers = `"create_revision":${event.createRevision},"mod_revision":${event.modRevision},"version":${event.version}`;
  return `{"etcdEvent":{"kv":{"key":"${key}",${numbers}${value}${lease}}},"time":"${at}"`;
}

function base64(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('base64');
}
