import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { AbsBucket } from '../../../src/snapstore/providers/abs/abs-bucket.ts';
import { type Azurite, startAzurite } from '../../support/servers/azurite.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { uploadInParts } from '../../support/stores/bucket-calls.ts';
import { failingSteps } from '../../support/stores/failing-steps.ts';
import { storeErrorOf } from '../../support/stores/store-error-of.ts';

const options = { signal: new AbortController().signal };

let azurite: Azurite;
before(async () => {
  azurite = await startAzurite();
});
after(async () => {
  await azurite[Symbol.asyncDispose]();
});

function bucketFor(
  container: string,
  credentials: { readonly account?: string; readonly key?: string; readonly endpoint?: string } = {},
): Bucket {
  const { account = azurite.account, key = azurite.key, endpoint = azurite.endpoint } = credentials;
  return new AbsBucket({
    container,
    credentials: { storageAccount: account, storageKey: key, domain: 'unused.invalid' },
    endpoint,
    clock: systemClock,
  });
}

async function newBucket(
  name: string,
): Promise<{ readonly bucket: Bucket; readonly sdk: Awaited<ReturnType<Azurite['createContainer']>> }> {
  return { sdk: await azurite.createContainer(name), bucket: bucketFor(name) };
}

async function keysOf(bucket: Bucket, prefix = ''): Promise<string[]> {
  return (await Array.fromAsync(bucket.list(prefix, options))).map(({ key }) => key).sort();
}

describe('uploads', () => {
  it('parts in any order, from views into a larger buffer, become one object', async () => {
    const { bucket } = await newBucket('order');
    const bytes = randomBytes(2_500_001);
    const upload = await bucket.beginUpload('a/b c/ü+%.gz', { ...options, partSize: 1_000_000 });
    for (const number of [3, 1, 2]) {
      const offset = (number - 1) * 1_000_000;
      await upload.writePart({ number, offset, bytes: bytes.subarray(offset, offset + 1_000_000) }, options);
    }
    assert.deepEqual(await keysOf(bucket), []);
    const entry = await upload.complete({ parts: 3, size: bytes.length }, options);
    assert.equal(entry.size, bytes.length);
    assert.deepEqual(await Array.fromAsync(bucket.list('a/', options)), [entry]);
    assert.ok((await buffer(await bucket.read('a/b c/ü+%.gz', options))).equals(bytes));
  });

  it('an empty object', async () => {
    const { bucket } = await newBucket('empty');
    assert.equal((await uploadInParts(bucket, 'none', Buffer.alloc(0), 1)).size, 0);
    assert.equal((await buffer(await bucket.read('none', options))).length, 0);
  });

  it('block ids are base64 of ten digits, as long as those other programs write', async () => {
    const { bucket, sdk } = await newBucket('blockids');
    const blob = sdk.getBlockBlobClient('x');
    const foreign = Buffer.from('0000000007').toString('base64');
    await blob.stageBlock(foreign, 'left over', 9);
    await uploadInParts(bucket, 'x', Buffer.from('abcdef'), 2);
    const { committedBlocks = [], uncommittedBlocks = [] } = await blob.getBlockList('all');
    assert.deepEqual(uncommittedBlocks, []);
    const numbers = committedBlocks.map(({ name }) => Buffer.from(name, 'base64').toString());
    assert.deepEqual(
      numbers.map((digits) => /^\d{10}$/.test(digits) && digits.slice(5)),
      ['00001', '00002', '00003'],
    );
    assert.equal((await buffer(await bucket.read('x', options))).toString(), 'abcdef');
  });

  it('a part written again replaces the first one', async () => {
    const { bucket } = await newBucket('again');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('old') }, options);
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('new') }, options);
    await upload.complete({ parts: 1, size: 3 }, options);
    assert.equal((await buffer(await bucket.read('x', options))).toString(), 'new');
  });

  it('is refused when a part is missing, or when the size is another', async () => {
    const { bucket } = await newBucket('missing');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 2, offset: 3, bytes: Buffer.from('two') }, options);
    await storeErrorOf(upload.complete({ parts: 2, size: 6 }, options), 'invalid');
    await storeErrorOf(upload.complete({ parts: 1, size: 3 }, options), 'invalid');
    assert.deepEqual(await keysOf(bucket), []);
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('one') }, options);
    const error = await storeErrorOf(upload.complete({ parts: 2, size: 7 }, options), 'transient');
    assert.match(error.message, /holds 6 bytes where 7 were sent/);
    await upload.abort(options);
    await upload.abort(options);
    assert.deepEqual(await keysOf(bucket), []);
  });

  it('abort leaves alone what another upload has put under the key meanwhile', async () => {
    const { bucket } = await newBucket('meanwhile');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('one') }, options);
    await storeErrorOf(upload.complete({ parts: 1, size: 7 }, options), 'transient');
    await uploadInParts(bucket, 'x', Buffer.from('other'));
    await upload.abort(options);
    assert.equal((await buffer(await bucket.read('x', options))).toString(), 'other');
  });

  it('of two uploads to one key none gets the bytes of the other', async () => {
    const { bucket } = await newBucket('two-writers');
    const [first, second] = await Promise.all([
      bucket.beginUpload('x', { ...options, partSize: 2 }),
      bucket.beginUpload('x', { ...options, partSize: 2 }),
    ]);
    await first.writePart({ number: 1, offset: 0, bytes: Buffer.from('aa') }, options);
    await second.writePart({ number: 1, offset: 0, bytes: Buffer.from('bb') }, options);
    await first.writePart({ number: 2, offset: 2, bytes: Buffer.from('AA') }, options);
    await first.complete({ parts: 2, size: 4 }, options);
    await second.writePart({ number: 2, offset: 2, bytes: Buffer.from('BB') }, options);
    await storeErrorOf(second.complete({ parts: 2, size: 4 }, options), 'transient');
    await second.abort(options);
    assert.equal((await buffer(await bucket.read('x', options))).toString(), 'aaAA');
  });
});

describe('reading', () => {
  it('ranges are half open and may end beyond the object', async () => {
    const { bucket } = await newBucket('ranges');
    await uploadInParts(bucket, 'x', Buffer.from('0123456789'));
    const read = async (start: number, end: number): Promise<string> =>
      (await buffer(await bucket.read('x', { ...options, range: { start, end } }))).toString();
    assert.equal(await read(2, 5), '234');
    assert.equal(await read(0, 1), '0');
    assert.equal(await read(8, 100), '89');
  });

  it("ends when its caller aborts, with the caller's reason", async () => {
    const { bucket } = await newBucket('read-abort');
    await uploadInParts(bucket, 'x', randomBytes(8_000_000));
    const caller = new AbortController();
    const body = await bucket.read('x', { signal: caller.signal });
    const reason = new Error('enough');
    await assert.rejects(
      (async () => {
        for await (const _chunk of body) {
          caller.abort(reason);
        }
      })(),
      reason,
    );
  });
});

describe('listing', () => {
  it('all below a prefix, with size and time; a tag excludes', async () => {
    const { bucket, sdk } = await newBucket('listing');
    for (const name of ['p/1', 'p/2', 'p/3', 'q/1']) {
      await sdk.getBlockBlobClient(name).upload('abc', 3);
    }
    await sdk.getBlockBlobClient('p/2').setTags({ 'x-etcd-snapshot-exclude': 'true', other: 'x' });
    await sdk.getBlockBlobClient('p/3').setTags({ 'x-etcd-snapshot-exclude': 'false' });
    const entries = await Array.fromAsync(bucket.list('p/', options));
    assert.deepEqual(
      entries.map(({ key, size, excluded }) => [key, size, excluded]),
      [
        ['p/1', 3, undefined],
        ['p/2', 3, true],
        ['p/3', 3, undefined],
      ],
    );
    const age = Date.now() - (entries[0]?.modifiedAt ?? 0);
    assert.ok(age > -2_000 && age < 600_000, `${age} ms`);
  });
});

describe('errors', () => {
  it('an absent object is not_found for reads and deletes', async () => {
    const { bucket } = await newBucket('absent');
    const error = await storeErrorOf(bucket.read('no/such', options), 'not_found');
    assert.match(error.message, /^cannot read http:.*no\/such: the store answered 404 BlobNotFound$/);
    await storeErrorOf(bucket.delete('no/such', options), 'not_found');
  });

  it('an absent container is gone for everything', async () => {
    const bucket = bucketFor('never-made');
    await storeErrorOf(Array.fromAsync(bucket.list('', options)), 'gone');
    await storeErrorOf(bucket.read('x', options), 'gone');
    await storeErrorOf(bucket.delete('x', options), 'gone');
    await storeErrorOf(uploadInParts(bucket, 'x', Buffer.from('x')), 'gone');
  });

  it('a wrong key is denied, and neither key is in the error', async () => {
    await newBucket('wrong-key');
    const key = randomBytes(64).toString('base64');
    const error = await storeErrorOf(Array.fromAsync(bucketFor('wrong-key', { key }).list('', options)), 'denied');
    assert.match(error.message, /403 Auth\w+; check storageAccount and storageKey/);
    assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes(key));
  });

  it('a caller that has aborted gets its own reason from every call', async () => {
    const { bucket } = await newBucket('aborted');
    const reason = new Error('stop');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(Array.fromAsync(bucket.list('', { signal })), reason);
    await assert.rejects(bucket.read('x', { signal }), reason);
    await assert.rejects(bucket.delete('x', { signal }), reason);
    await assert.rejects(bucket.beginUpload('x', { signal, partSize: 1 }), reason);
    const upload = await bucket.beginUpload('x', { ...options, partSize: 1 });
    await assert.rejects(upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal }), reason);
  });
});

describe('check-store on a container where something is not allowed', () => {
  for (const [operations, failing] of [
    [/^GET comp/, 'list'],
    [/^(GET|HEAD)$/, 'read'],
    [/^PUT/, 'write'],
    [/^DELETE/, 'delete'],
  ] as const) {
    it(`reports that it is not allowed to ${failing}`, async () => {
      const container = `without-${failing}`;
      await azurite.createContainer(container);
      await using proxy = await startFaultProxy(`http://127.0.0.1:${azurite.port}`);
      proxy.fault(({ operation }) => (operations.test(operation) ? { kind: 'status', status: 403 } : undefined));
      const bucket = bucketFor(container, { endpoint: `${proxy.endpoint}/${azurite.account}` });
      assert.deepEqual(await failingSteps(bucket), [failing]);
    });
  }
});
