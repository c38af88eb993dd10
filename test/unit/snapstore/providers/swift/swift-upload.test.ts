import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { defaultTimeouts } from '../../../../../src/snapstore/http/store-requests.ts';
import type { SwiftResponse } from '../../../../../src/snapstore/providers/swift/pkgcloud-transport.ts';
import type { SwiftListed } from '../../../../../src/snapstore/providers/swift/swift-connection.ts';
import { SwiftUpload, type SwiftUploadConfig } from '../../../../../src/snapstore/providers/swift/swift-upload.ts';
import { StoreError } from '../../../../../src/snapstore/store-error.ts';
import { type JumpingClock, jumpingClock } from '../../../../support/clock/jumping-clock.ts';

type Connection = SwiftUploadConfig['connection'];

const key = 'v2/Full';
const segment = `${key}/0000700001`;

interface Stored {
  readonly bytes: Uint8Array;
  readonly manifest?: string | undefined;
}

/** A container that carries out the write of an object, the manifest by default, `lateMs` after its caller has cancelled it. */
class LateContainer implements Connection {
  readonly container = 'container';
  readonly location = 'swift://container';
  readonly timeouts = defaultTimeouts;
  readonly clock: JumpingClock;
  readonly cancelled = new AbortController();
  /** Called with each look at the manifest. */
  onLook: () => void = () => undefined;
  readonly #lateMs: number;
  readonly #late: string;
  readonly #objects = new Map<string, Stored>();
  #pending: { readonly stored: Stored; readonly atMs: number } | undefined;

  constructor(
    clock: JumpingClock,
    { lateMs, late = key, before }: { readonly lateMs: number; readonly late?: string; readonly before?: Stored },
  ) {
    this.clock = clock;
    this.#lateMs = lateMs;
    this.#late = late;
    if (before !== undefined) {
      this.#objects.set(key, before);
    }
  }

  get keys(): string[] {
    return [...this.#arrived().keys()].sort();
  }

  describe(action: string, object = ''): { readonly action: string; readonly object: string } {
    return { action, object };
  }

  goneError(what: { readonly action: string; readonly object: string }): StoreError {
    return new StoreError('gone', { ...what, found: 'no container' });
  }

  async send(...[what, request]: Parameters<Connection['send']>): Promise<SwiftResponse> {
    const name = request.key ?? '';
    const body = Buffer.alloc(0);
    if (request.method === 'PUT') {
      const bytes = request.body ?? body;
      const stored = { bytes, manifest: request.headers?.['X-Object-Manifest'] };
      if (name === this.#late) {
        this.#pending = { stored, atMs: this.clock.monotonic() + this.#lateMs };
        this.cancelled.abort(new Error('stopped'));
        throw this.cancelled.signal.reason;
      }
      this.#objects.set(name, stored);
      return { status: 201, headers: { etag: hash('md5', bytes) }, body };
    }
    this.onLook();
    const found = this.#arrived().get(name);
    if (found === undefined) {
      throw new StoreError('not_found', { ...what, found: 'it does not exist' });
    }
    if (request.method === 'DELETE') {
      this.delete([name]);
    }
    const headers = found.manifest === undefined ? {} : { 'x-object-manifest': found.manifest };
    return { status: 200, headers, body };
  }

  async *list(prefix: string): AsyncGenerator<SwiftListed> {
    for (const [name, { bytes }] of this.#arrived()) {
      if (name.startsWith(prefix)) {
        yield { key: name, size: bytes.length, md5: hash('md5', bytes), modifiedAt: 0 };
      }
    }
  }

  delete(keys: Iterable<string>): void {
    for (const name of keys) {
      this.#objects.delete(name);
    }
  }

  #arrived(): Map<string, Stored> {
    if (this.#pending !== undefined && this.clock.monotonic() >= this.#pending.atMs) {
      this.#objects.set(this.#late, this.#pending.stored);
      this.#pending = undefined;
    }
    return this.#objects;
  }
}

function begunUpload(connection: LateContainer, deleted: string[] = []): SwiftUpload {
  return new SwiftUpload({
    connection,
    key,
    number: 7,
    deleteAll: async (keys) => {
      const all = [...keys];
      deleted.push(...all);
      connection.delete(all);
    },
    others: () => new Set(),
    onEnd: () => undefined,
  });
}

/** An upload that was cancelled when its manifest was sent. */
async function cancelledUpload(connection: LateContainer, deleted: string[] = []): Promise<SwiftUpload> {
  const upload = begunUpload(connection, deleted);
  const { signal } = connection.cancelled;
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('full') }, { signal });
  await assert.rejects(upload.complete({ parts: 1, size: 4 }, { signal }), /stopped/);
  return upload;
}

const { signal } = new AbortController();

test('a manifest whose cancelled write arrives late is removed before abort ends, and only then its segments', async () => {
  const container = new LateContainer(jumpingClock(), { lateMs: 150 });
  const deleted: string[] = [];
  const upload = await cancelledUpload(container, deleted);
  await upload.abort({ signal });
  assert.deepEqual(deleted, [key, segment]);
  container.clock.advance(10_000);
  assert.deepEqual(container.keys, [], 'nothing appears after abort');
});

test('a late manifest over an older object is found as well', async () => {
  const before = { bytes: Buffer.alloc(0), manifest: `container/${key}/00000` };
  const container = new LateContainer(jumpingClock(), { lateMs: 150, before });
  const upload = await cancelledUpload(container);
  await upload.abort({ signal });
  container.clock.advance(10_000);
  assert.deepEqual(container.keys, []);
});

test('an object of somebody else stays when the manifest never arrives; the segments go', async () => {
  const before = { bytes: Buffer.from('older') };
  const container = new LateContainer(jumpingClock(), { lateMs: Number.POSITIVE_INFINITY, before });
  const upload = await cancelledUpload(container);
  await upload.abort({ signal });
  assert.deepEqual(container.keys, [key]);
});

test('segments stay, and are named, while the manifest may still appear; a second abort removes both', async () => {
  const container = new LateContainer(jumpingClock(), { lateMs: 2_000 });
  const upload = await cancelledUpload(container);
  const overdue = new AbortController();
  container.onLook = () => overdue.abort(new Error('it took too long'));
  await assert.rejects(upload.abort({ signal: overdue.signal }), /it took too long/);
  assert.deepEqual(container.keys, [segment]);
  assert.equal(
    upload.leftovers,
    'segments swift://container/v2/Full/00007* and the manifest swift://container/v2/Full, which may still appear',
  );
  container.clock.advance(2_000);
  assert.deepEqual(container.keys, [key, segment]);
  await upload.abort({ signal });
  assert.deepEqual(container.keys, []);
});

test('a segment whose cancelled write arrives late is removed before abort ends; one that has arrived is asked for once', async () => {
  const container = new LateContainer(jumpingClock(), { lateMs: 150, late: segment });
  const upload = begunUpload(container);
  const sent = { offset: 0, bytes: Buffer.from('full') };
  await upload.writePart({ number: 2, ...sent }, { signal });
  await assert.rejects(upload.writePart({ number: 1, ...sent }, { signal: container.cancelled.signal }), /stopped/);
  let looks = 0;
  container.onLook = () => {
    looks += 1;
  };
  await upload.abort({ signal });
  assert.equal(looks, 3);
  container.clock.advance(10_000);
  assert.deepEqual(container.keys, [], 'nothing appears after abort');
});
