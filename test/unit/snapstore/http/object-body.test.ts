import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type BodyChecksum, consumeBody, openBody } from '../../../../src/snapstore/http/object-body.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';

interface Opening {
  readonly stream: Readable;
  readonly length: number;
  readonly checksum?: BodyChecksum;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
  readonly deadlineMs?: number;
}

/** Opens the stream as a body and shows the signal its request got. */
async function open({
  stream,
  length,
  checksum,
  ...bounds
}: Opening): Promise<{ body: Readable; request: AbortSignal }> {
  let request: AbortSignal | undefined;
  const body = await openBody({
    signal: new AbortController().signal,
    deadlineMs: 60_000,
    stallMs: 60_000,
    translate: (error) =>
      new StoreError('transient', {
        action: 'read',
        object: 'it',
        found: error instanceof Error ? error.message : '',
      }),
    open: async (signal) => {
      request = signal;
      return { stream, length, checksum };
    },
    ...bounds,
  });
  assert.ok(request);
  return { body, request };
}

describe('the body of an object', () => {
  it('comes whole', async () => {
    const { body, request } = await open({ stream: Readable.from([Buffer.from('ab'), Buffer.from('c')]), length: 3 });
    assert.equal((await buffer(body)).toString(), 'abc');
    assert.equal(request.aborted, false);
  });

  it('that broke before anyone listened fails at once', async () => {
    for (const error of [new Error('it broke'), undefined]) {
      const stream = new PassThrough();
      stream.on('error', () => undefined);
      stream.write('a');
      stream.destroy(error);
      await setImmediate();
      await assert.rejects(open({ stream, length: 3, deadlineMs: 30_000 }), { code: 'store_transient' });
    }
  });

  it('may be empty', async () => {
    const { body } = await open({ stream: Readable.from([]), length: 0 });
    assert.equal((await buffer(body)).length, 0);
  });

  it('fails when it ends early', async () => {
    const { body } = await open({ stream: Readable.from([Buffer.from('ab')]), length: 3 });
    await assert.rejects(buffer(body), { code: 'store_transient', message: /ended after 2 of 3 bytes/ });
  });

  it('fails at its end when its bytes are not those that were stored', async () => {
    let seen = '';
    const checksum = { update: (bytes: Uint8Array) => (seen += bytes), matches: () => seen === 'abc' };
    const good = await open({ stream: Readable.from([Buffer.from('ab'), Buffer.from('c')]), length: 3, checksum });
    assert.equal((await buffer(good.body)).toString(), 'abc');
    const bad = await open({ stream: Readable.from([Buffer.from('abc')]), length: 3, checksum });
    await assert.rejects(buffer(bad.body), { code: 'store_transient', message: /do not match the object's checksum/ });
  });

  it('fails when it is longer than announced, without giving more', async () => {
    const { body } = await open({ stream: Readable.from([Buffer.from('ab'), Buffer.from('cd')]), length: 3 });
    await assert.rejects(buffer(body), { code: 'store_transient', message: /more than the announced 3 bytes/ });
  });

  it('fails when its connection breaks, before and after the first byte', async () => {
    const early = new PassThrough();
    setImmediate().then(() => early.destroy(new Error('reset')), assert.ifError);
    await assert.rejects(open({ stream: early, length: 3 }), { code: 'store_transient', message: /reset/ });
    const late = new PassThrough();
    late.write('ab');
    const { body } = await open({ stream: late, length: 3 });
    late.destroy(new Error('reset'));
    await assert.rejects(buffer(body), { code: 'store_transient', message: /reset/ });
  });

  it('fails when nothing comes while its reader waits, and the request is aborted', async () => {
    const stream = new PassThrough();
    stream.write('ab');
    const { body, request } = await open({ stream, length: 3, stallMs: 20 });
    await assert.rejects(buffer(body), { code: 'store_transient', message: /nothing came back within 0.02 s/ });
    assert.equal(request.aborted, true);
    assert.equal(stream.destroyed, true);
  });

  it('does not fail when its reader takes longer than the server may', async () => {
    const { body } = await open({
      stream: Readable.from([Buffer.alloc(200_000, 1), Buffer.from('c')]),
      length: 200_001,
      stallMs: 20,
    });
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    assert.equal(size, 200_001);
  });

  it('fails when it comes a little at a time, though its end is near', async () => {
    const stream = new PassThrough();
    const drops = setInterval(() => stream.write('a'), 5);
    const { body } = await open({ stream, length: 1_000_000, stallMs: 1_000 });
    await assert.rejects(buffer(body), {
      code: 'store_transient',
      message: /no more than \d+ bytes came within 1 s/,
    });
    clearInterval(drops);
    assert.equal(stream.destroyed, true);
  });

  it('may take longer than a stall when enough of it comes', async () => {
    const stream = new PassThrough();
    const pieces = 9;
    let sent = 0;
    const steps = setInterval(() => {
      sent += 1;
      stream.write(Buffer.alloc(64 * 1024));
      if (sent === pieces) {
        stream.end();
        clearInterval(steps);
      }
    }, 250);
    const { body } = await open({ stream, length: pieces * 64 * 1024, stallMs: 2_000 });
    assert.equal((await buffer(body)).length, pieces * 64 * 1024);
  });

  it('fails when its first byte does not come in time', async () => {
    const stream = new PassThrough();
    await assert.rejects(open({ stream, length: 3, deadlineMs: 20 }), { code: 'store_transient' });
    assert.equal(stream.destroyed, true);
  });

  it('ends with the reason of its caller, who aborts, even while nobody reads', async () => {
    const caller = new AbortController();
    const stream = new PassThrough();
    stream.write('ab');
    const { body, request } = await open({ stream, length: 3, signal: caller.signal });
    const reason = new Error('stop');
    caller.abort(reason);
    await setImmediate();
    await assert.rejects(buffer(body), reason);
    assert.equal(request.aborted, true);
  });

  it('aborts its request when the reader turns away', async () => {
    const stream = new PassThrough();
    stream.write('ab');
    const { body, request } = await open({ stream, length: 3 });
    body.destroy();
    await once(body, 'close');
    assert.equal(request.aborted, true);
    assert.equal(stream.destroyed, true);
  });
});

describe('bytes in passing', () => {
  it('are all there, and their memory is free when the next are asked for', async () => {
    const stream = Readable.from(['ab', 'cd'].map((text) => Uint8Array.from(Buffer.from(text))));
    const { body } = await open({ stream, length: 4 });
    const pieces: Uint8Array[] = [];
    let text = '';
    for await (const piece of consumeBody(body)) {
      text += Buffer.from(piece).toString();
      pieces.push(piece);
    }
    assert.equal(text, 'abcd');
    assert.deepEqual(
      pieces.map(({ byteLength }) => byteLength),
      [0, 0],
    );
  });

  it('keep memory that they share with others', async () => {
    const shared = Buffer.from(new ArrayBuffer(4)).fill('x');
    const { body } = await open({ stream: Readable.from([shared.subarray(0, 2), shared.subarray(2)]), length: 4 });
    assert.equal((await buffer(consumeBody(body))).toString(), 'xxxx');
    assert.equal(shared.toString(), 'xxxx');
  });

  it('keep the memory of bodies that are no answers of a store', async () => {
    const own = Uint8Array.from([1, 2]);
    for await (const _ of consumeBody(Readable.from([own]))) {
      // Only the way here counts.
    }
    assert.deepEqual([...own], [1, 2]);
  });
});
