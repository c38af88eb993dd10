import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BlockBlobClient, RestError } from '@azure/storage-blob';
import { defaultTimeouts, StoreRequests } from '../../../../../src/snapstore/http/store-requests.ts';
import { absError } from '../../../../../src/snapstore/providers/abs/abs-error.ts';
import { AbsUpload } from '../../../../../src/snapstore/providers/abs/abs-upload.ts';
import { type JumpingClock, jumpingClock } from '../../../../support/clock/jumping-clock.ts';

/** A blob whose commit is carried out `lateMs` after its caller has cancelled it. */
class LateBlob {
  readonly url = 'abs://container/v2/Full';
  readonly cancelled = new AbortController();
  /** Called with each look at the blob. */
  onLook: () => void = () => undefined;
  readonly #clock: JumpingClock;
  readonly #lateMs: number;
  #blocks: readonly string[] | undefined;
  #pending: { readonly blocks: readonly string[]; readonly atMs: number } | undefined;

  constructor(clock: JumpingClock, { lateMs, before }: { readonly lateMs: number; readonly before?: string[] }) {
    this.#clock = clock;
    this.#lateMs = lateMs;
    this.#blocks = before;
  }

  get blocks(): readonly string[] | undefined {
    if (this.#pending !== undefined && this.#clock.monotonic() >= this.#pending.atMs) {
      this.#blocks = this.#pending.blocks;
      this.#pending = undefined;
    }
    return this.#blocks;
  }

  async stageBlock(): Promise<object> {
    return {};
  }

  async commitBlockList(blocks: readonly string[]): Promise<never> {
    this.#pending = { blocks, atMs: this.#clock.monotonic() + this.#lateMs };
    this.cancelled.abort(new Error('stopped'));
    throw this.cancelled.signal.reason;
  }

  async getBlockList(): Promise<{ readonly committedBlocks: { readonly name: string }[]; readonly etag: string }> {
    this.onLook();
    const { blocks } = this;
    if (blocks === undefined) {
      throw new RestError('absent', { code: 'BlobNotFound', statusCode: 404 });
    }
    return { committedBlocks: blocks.map((name) => ({ name })), etag: 'etag' };
  }

  async delete(): Promise<void> {
    this.#blocks = undefined;
  }
}

/** An upload that was cancelled when its commit was sent. */
async function cancelledUpload(blob: LateBlob, clock: JumpingClock): Promise<AbsUpload> {
  const upload = new AbsUpload({
    blob: blob as unknown as BlockBlobClient,
    key: 'v2/Full',
    requests: new StoreRequests({ clock, timeouts: defaultTimeouts, translate: absError }),
  });
  const { signal } = blob.cancelled;
  await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('full') }, { signal });
  await assert.rejects(upload.complete({ parts: 1, size: 4 }, { signal }), /stopped/);
  return upload;
}

const { signal } = new AbortController();

test('a blob whose cancelled commit arrives late is removed before abort ends', async () => {
  const clock = jumpingClock();
  const blob = new LateBlob(clock, { lateMs: 150 });
  const upload = await cancelledUpload(blob, clock);
  await upload.abort({ signal });
  assert.equal(blob.blocks, undefined);
  clock.advance(10_000);
  assert.equal(blob.blocks, undefined, 'nothing appears after abort');
});

test('a late commit over an older blob is found as well', async () => {
  const clock = jumpingClock();
  const blob = new LateBlob(clock, { lateMs: 150, before: ['older'] });
  const upload = await cancelledUpload(blob, clock);
  await upload.abort({ signal });
  clock.advance(10_000);
  assert.equal(blob.blocks, undefined);
});

test('a blob of somebody else stays when the commit never arrives', async () => {
  const clock = jumpingClock();
  const blob = new LateBlob(clock, { lateMs: Number.POSITIVE_INFINITY, before: ['older'] });
  const upload = await cancelledUpload(blob, clock);
  await upload.abort({ signal });
  assert.deepEqual(blob.blocks, ['older']);
});

test('an abort that runs out of time says that the blob may still appear, and a second one looks again', async () => {
  const clock = jumpingClock();
  const blob = new LateBlob(clock, { lateMs: 2_000 });
  const upload = await cancelledUpload(blob, clock);
  const overdue = new AbortController();
  blob.onLook = () => overdue.abort(new Error('it took too long'));
  await assert.rejects(upload.abort({ signal: overdue.signal }), /it took too long/);
  assert.match(
    upload.leftovers,
    /^the blob abs:\/\/container\/v2\/Full, which may still appear, or uncommitted blocks/,
  );
  clock.advance(2_000);
  await upload.abort({ signal });
  assert.equal(blob.blocks, undefined);
  assert.match(upload.leftovers, /^uncommitted blocks/);
});
