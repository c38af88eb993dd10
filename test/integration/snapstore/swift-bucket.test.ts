import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import { abandonedUploads } from '../../../src/snapstore/backups/abandoned-uploads.ts';
import type { Bucket, Upload } from '../../../src/snapstore/bucket.ts';
import type { OpenStackCredentials, OpenStackIdentity } from '../../../src/snapstore/credentials/openstack.ts';
import type { Leftover } from '../../../src/snapstore/leftover.ts';
import { SwiftBucket } from '../../../src/snapstore/providers/swift/swift-bucket.ts';
import { playAnswers } from '../../support/servers/answer-script.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { type Swift, startSwift } from '../../support/servers/openstack/swift.ts';
import { uploadInParts } from '../../support/stores/bucket-calls.ts';
import { failingSteps } from '../../support/stores/failing-steps.ts';
import { storeErrorOf } from '../../support/stores/store-error-of.ts';

const options = { signal: new AbortController().signal };

let swift: Swift;
before(async () => {
  swift = await startSwift({ listingLimit: 7, maxObjectBytes: 1_000_000 });
});
after(async () => {
  await swift[Symbol.asyncDispose]();
});

function credentials(identity: 'password' | 'application_credential' = 'password'): OpenStackCredentials {
  const { tenant, region, keystone } = swift;
  const known: Readonly<Record<OpenStackIdentity['kind'], OpenStackIdentity>> = {
    password: { kind: 'password', ...tenant },
    application_credential: {
      kind: 'application_credential',
      id: tenant.applicationCredentialID,
      secret: tenant.applicationCredentialSecret,
    },
  };
  return { authURL: keystone.url, region, identity: known[identity] };
}

interface Container {
  readonly bucket: Bucket;
  /** Requests below the container without the adapter. */
  readonly raw: (
    method: string,
    path: string,
    init?: { readonly headers?: Record<string, string>; readonly body?: string },
  ) => Promise<Response>;
}

async function newContainer(name: string): Promise<Container> {
  const raw: Container['raw'] = (method, path, init) => swift.request(method, `/${name}${path}`, init);
  await raw('PUT', '');
  return { raw, bucket: new SwiftBucket({ clock: systemClock, container: name, credentials: credentials() }) };
}

async function textOf(bucket: Bucket, key: string): Promise<string> {
  return (await buffer(await bucket.read(key, options))).toString();
}

async function sizes(bucket: Bucket, prefix = ''): Promise<Record<string, number>> {
  const entries = await Array.fromAsync(bucket.list(prefix, options));
  return Object.fromEntries(entries.map(({ key, size }) => [key, size]).sort());
}

describe('logging in', () => {
  for (const kind of ['password', 'application_credential'] as const) {
    it(`by ${kind}, in the upload that is the very first call`, async () => {
      await newContainer(`first-${kind}`);
      await using bucket = new SwiftBucket({
        clock: systemClock,
        container: `first-${kind}`,
        credentials: credentials(kind),
      });
      const bytes = randomBytes(131_072);
      await uploadInParts(bucket, 'x', bytes);
      assert.ok((await buffer(await bucket.read('x', options))).equals(bytes));
    });
  }

  it('a wrong password is denied and not shown', async () => {
    await newContainer('wrong-password');
    const identity: OpenStackIdentity = { kind: 'password', ...swift.tenant, password: 'hush-hush-7f3a' };
    const bucket = new SwiftBucket({
      clock: systemClock,
      container: 'wrong-password',
      credentials: { ...credentials(), identity },
    });
    const error = await storeErrorOf(bucket.read('x', options), 'denied');
    assert.match(
      error.message,
      /^cannot log in at http:.*\/v3\/auth\/tokens: Keystone answered 401; check the credentials/,
    );
    assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('hush-hush'));
  });

  it('an unknown region is refused and the known ones are named; none is needed where there is one', async () => {
    const { bucket: known } = await newContainer('regions');
    await uploadInParts(known, 'x', Buffer.from('abc'));
    const elsewhere = new SwiftBucket({
      clock: systemClock,
      container: 'regions',
      credentials: { ...credentials(), region: 'Mars' },
    });
    const error = await storeErrorOf(elsewhere.read('x', options), 'invalid');
    assert.match(error.message, /the catalogue has no object store in region "Mars", only in "RegionOne"/);
    const bucket = new SwiftBucket({
      clock: systemClock,
      container: 'regions',
      credentials: { ...credentials(), region: undefined },
    });
    assert.equal(await textOf(bucket, 'x'), 'abc');
  });

  it('the URL of Keystone may have no /v3, or a slash at its end', async () => {
    const { bucket: known } = await newContainer('urls');
    await uploadInParts(known, 'x', Buffer.from('abc'));
    for (const authURL of [swift.keystone.url.replace('/v3', ''), `${swift.keystone.url}/`]) {
      const bucket = new SwiftBucket({
        clock: systemClock,
        container: 'urls',
        credentials: { ...credentials(), authURL },
      });
      assert.equal(await textOf(bucket, 'x'), 'abc');
    }
  });
});

describe('uploads', () => {
  it('are segments and a manifest, named as other programs name them', async () => {
    const { bucket, raw } = await newContainer('segments');
    const entry = await uploadInParts(bucket, 'v2/Full ü', Buffer.from('aabbc'), 2);
    assert.deepEqual(await sizes(bucket), {
      'v2/Full ü': 5,
      'v2/Full ü/0000000001': 2,
      'v2/Full ü/0000000002': 2,
      'v2/Full ü/0000000003': 1,
    });
    assert.equal(await textOf(bucket, 'v2/Full ü'), 'aabbc');
    const { headers } = await raw('HEAD', '/v2/Full%20%C3%BC');
    assert.equal(headers.get('x-object-manifest'), 'segments/v2/Full%20%C3%BC/00000');
    const [listed] = (await Array.fromAsync(bucket.list('v2/', options))).filter(({ key }) => key === entry.key);
    assert.deepEqual(listed, entry);
    assert.ok(Math.abs(Date.now() - entry.modifiedAt) < 60_000);
  });

  it('show no object before the manifest, and abort leaves nothing', async () => {
    const { bucket } = await newContainer('unseen');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('abc') }, options);
    await upload.writePart({ number: 2, offset: 3, bytes: Buffer.from('abc') }, options);
    assert.deepEqual(Object.keys(await sizes(bucket)), ['x/0000000001', 'x/0000000002']);
    await storeErrorOf(bucket.read('x', options), 'not_found');
    await upload.abort(options);
    await upload.abort(options);
    assert.deepEqual(await sizes(bucket), {});
  });

  it('of nothing', async () => {
    const { bucket } = await newContainer('nothing');
    await uploadInParts(bucket, 'x', Buffer.alloc(0), 1);
    assert.deepEqual(await sizes(bucket), { x: 0 });
    assert.equal(await textOf(bucket, 'x'), '');
  });

  it('replace an object whole: until then the old one is read, afterwards its segments are gone', async () => {
    const { bucket } = await newContainer('replace');
    await uploadInParts(bucket, 'x', Buffer.from('oldest'), 2);
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('new') }, options);
    assert.equal(await textOf(bucket, 'x'), 'oldest');
    await upload.complete({ parts: 1, size: 3 }, options);
    assert.equal(await textOf(bucket, 'x'), 'new');
    assert.deepEqual(await sizes(bucket), { x: 3, 'x/0000100001': 3 });
    await uploadInParts(bucket, 'x', Buffer.from('third'));
    assert.deepEqual(await sizes(bucket), { x: 5, 'x/0000000001': 5 });
  });

  it('that are aborted leave the old object as it was', async () => {
    const { bucket } = await newContainer('keep-old');
    await uploadInParts(bucket, 'x', Buffer.from('old'));
    const upload = await bucket.beginUpload('x', { ...options, partSize: 3 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('new') }, options);
    await upload.abort(options);
    assert.equal(await textOf(bucket, 'x'), 'old');
    assert.deepEqual(await sizes(bucket), { x: 3, 'x/0000000001': 3 });
  });

  it('to one key at the same time do not mix', async () => {
    const { bucket } = await newContainer('two-writers');
    const begin = () => bucket.beginUpload('x', { ...options, partSize: 2 });
    const [first, second] = await Promise.all([begin(), begin()]);
    for (const [upload, text] of [
      [first, 'aa'],
      [second, 'bb'],
    ] as const) {
      await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from(text) }, options);
    }
    await first.complete({ parts: 1, size: 2 }, options);
    assert.equal(await textOf(bucket, 'x'), 'aa');
    await second.complete({ parts: 1, size: 2 }, options);
    assert.equal(await textOf(bucket, 'x'), 'bb');
    assert.deepEqual(Object.values(await sizes(bucket)), [2, 2]);
  });

  it('fail when another program has written into their segments', async () => {
    const { bucket, raw } = await newContainer('foreign-writer');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 2 });
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('aa') }, options);
    await raw('PUT', '/x/0000000001', { body: 'zz' });
    const error = await storeErrorOf(upload.complete({ parts: 1, size: 2 }, options), 'transient');
    assert.match(error.message, /0000000001 holds other bytes than were sent; another upload may have written it/);
    await storeErrorOf(bucket.read('x', options), 'not_found');
  });

  it('are refused when a part is missing or the size is another', async () => {
    const { bucket } = await newContainer('missing');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 2 });
    await upload.writePart({ number: 2, offset: 2, bytes: Buffer.from('bb') }, options);
    await storeErrorOf(upload.complete({ parts: 1, size: 2 }, options), 'invalid');
    await storeErrorOf(upload.complete({ parts: 2, size: 4 }, options), 'invalid');
    await upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('aa') }, options);
    await storeErrorOf(upload.complete({ parts: 2, size: 5 }, options), 'invalid');
    await upload.complete({ parts: 2, size: 4 }, options);
    assert.equal(await textOf(bucket, 'x'), 'aabb');
  });

  it('meet the largest object the store takes, and quotas', async () => {
    const { bucket, raw } = await newContainer('limits');
    await storeErrorOf(uploadInParts(bucket, 'x', Buffer.alloc(1_000_001)), 'invalid');
    await raw('POST', '', { headers: { 'x-container-meta-quota-bytes': '10' } });
    await storeErrorOf(uploadInParts(bucket, 'x', Buffer.alloc(11)), 'quota');
  });
});

describe('what something on the way leaves out', () => {
  it('is no reason to refuse an object that was uploaded, or to refuse to read it', async () => {
    await newContainer('left-out');
    await using proxy = await startFaultProxy(swift.url);
    await swift.addRegion('LeftOut', proxy.endpoint);
    const headers = { 'x-timestamp': 'soon' };
    proxy.fault(
      playAnswers({ HEAD: { performed: true, chunked: true, headers }, GET: { performed: true, chunked: true } }),
    );
    const bucket = new SwiftBucket({
      clock: systemClock,
      container: 'left-out',
      credentials: { ...credentials(), region: 'LeftOut' },
    });
    assert.deepEqual(await uploadInParts(bucket, 'x', Buffer.from('whole'), 2), { key: 'x', size: 5, modifiedAt: 0 });
    assert.equal((await buffer(await bucket.read('x', { ...options, size: 5 }))).toString(), 'whole');
    await bucket[Symbol.asyncDispose]();
  });
});

describe('objects that other programs wrote', () => {
  it('have manifests without the slash: they are listed, read and deleted with their segments', async () => {
    const { bucket, raw } = await newContainer('foreign');
    for (const [number, body] of [
      ['0000000001', 'abc'],
      ['0000000002', 'de'],
    ] as const) {
      await raw('PUT', `/v2/Full/${number}`, { body });
    }
    await raw('PUT', '/v2/Full', { headers: { 'x-object-manifest': 'foreign/v2/Full' } });
    await raw('PUT', '/v2/Full.gz', { body: 'neighbour' });
    const { 'v2/Full': size } = await sizes(bucket);
    assert.equal(size, 5);
    await bucket.delete('v2/Full', options);
    assert.deepEqual(await sizes(bucket), { 'v2/Full.gz': 9 });
  });

  it('may be plain objects', async () => {
    const { bucket, raw } = await newContainer('plain');
    await raw('PUT', '/x', { body: 'plain' });
    assert.deepEqual(await sizes(bucket), { x: 5 });
    assert.equal(await textOf(bucket, 'x'), 'plain');
    await bucket.delete('x', options);
    assert.deepEqual(await sizes(bucket), {});
  });
});

describe('an object of another program that is written again', () => {
  const key = 'v2/Full';

  /** As the Go program writes it: the manifest names all that begins with the key. */
  async function foreign(name: string, bodies: readonly string[]): Promise<Container> {
    const container = await newContainer(name);
    for (const [at, body] of bodies.entries()) {
      await container.raw('PUT', `/${key}/${String(at + 1).padStart(10, '0')}`, { body });
    }
    await container.raw('PUT', `/${key}`, { headers: { 'x-object-manifest': `${name}/${key}` } });
    return container;
  }

  const write = async (bucket: Bucket, parts: readonly string[]): Promise<Upload> => {
    const upload = await bucket.beginUpload(key, { ...options, partSize: 3 });
    for (const [at, text] of parts.entries()) {
      await upload.writePart({ number: at + 1, offset: 3 * at, bytes: Buffer.from(text) }, options);
    }
    return upload;
  };

  it('is the old one whole until it is the new one whole, for every reader', async () => {
    const { bucket, raw } = await foreign('rewritten', ['old', 'er']);
    const upload = await write(bucket, ['new', 'est']);
    assert.equal(await textOf(bucket, key), 'older');
    assert.equal(await (await raw('GET', `/${key}`)).text(), 'older');
    assert.equal((await sizes(bucket))[key], 5);
    await upload.complete({ parts: 2, size: 6 }, options);
    assert.equal(await textOf(bucket, key), 'newest');
    assert.deepEqual(Object.keys(await sizes(bucket)), [key, `${key}/0000100001`, `${key}/0000100002`]);
  });

  it('stays when the upload is given up', async () => {
    const { bucket, raw } = await foreign('given-up', ['old', 'er']);
    const upload = await write(bucket, ['new']);
    await upload.abort(options);
    assert.equal(await (await raw('GET', `/${key}`)).text(), 'older');
    assert.deepEqual(Object.keys(await sizes(bucket)), [key, `${key}/0000000001`, `${key}/0000000002`]);
  });

  it('shows nothing of the new one where its segments are gone', async () => {
    for (const manifest of [`gone/${key}`, `gone/${key}/00000`]) {
      const { bucket, raw } = await newContainer('gone');
      await raw('PUT', `/${key}`, { headers: { 'x-object-manifest': manifest } });
      const upload = await write(bucket, ['new']);
      assert.equal(await (await raw('GET', `/${key}`)).text(), '', manifest);
      await upload.abort(options);
      await raw('DELETE', `/${key}`);
    }
  });

  it('is not read where both are mixed already', async () => {
    const { bucket, raw } = await foreign('mixed', ['old', 'er']);
    await raw('PUT', `/${key}/0000100001`, { body: 'new' });
    assert.equal(await (await raw('GET', `/${key}`)).text(), 'oldernew');
    const { [key]: size = 0 } = await sizes(bucket);
    assert.equal(size, 5);
    const error = await storeErrorOf(bucket.read(key, { ...options, size }), 'invalid');
    assert.match(error.message, /it was listed with 5 bytes, and has 8 now/);
  });
});

describe('reading, listing, deleting', () => {
  it('ranges go across segments and may end beyond the object', async () => {
    const { bucket } = await newContainer('ranges');
    await uploadInParts(bucket, 'x', Buffer.from('0123456789'), 3);
    const read = async (start: number, end: number): Promise<string> =>
      (await buffer(await bucket.read('x', { ...options, range: { start, end } }))).toString();
    assert.equal(await read(2, 8), '234567');
    assert.equal(await read(0, 1), '0');
    assert.equal(await read(8, 100), '89');
  });

  it('a listing goes on after the page the server ends with', async () => {
    const { bucket, raw } = await newContainer('pages');
    const names = Array.from({ length: 23 }, (_, index) => `p/${index + 10}`);
    await Promise.all(names.map((name) => raw('PUT', `/${name}`, { body: 'x' })));
    assert.deepEqual(Object.keys(await sizes(bucket, 'p/')), names);
    assert.deepEqual(Object.keys(await sizes(bucket, 'p/3')), ['p/30', 'p/31', 'p/32']);
  });

  it('a delete that was cut short is finished by the next one', async () => {
    const { bucket, raw } = await newContainer('cut-delete');
    await uploadInParts(bucket, 'x', Buffer.from('aabb'), 2);
    await raw('DELETE', '/x');
    await bucket.delete('x', options);
    assert.deepEqual(await sizes(bucket), {});
    await storeErrorOf(bucket.delete('x', options), 'not_found');
  });

  it('an absent object is not_found', async () => {
    const { bucket } = await newContainer('absent');
    const error = await storeErrorOf(bucket.read('no/such', options), 'not_found');
    assert.equal(error.message, 'cannot read swift://absent/no/such: the store answered 404');
  });

  it('an absent container is gone for everything', async () => {
    const bucket = new SwiftBucket({ clock: systemClock, container: 'never-made', credentials: credentials() });
    await storeErrorOf(Array.fromAsync(bucket.list('', options)), 'gone');
    await storeErrorOf(bucket.read('x', options), 'gone');
    await storeErrorOf(bucket.delete('x', options), 'gone');
    await storeErrorOf(uploadInParts(bucket, 'x', Buffer.from('x')), 'gone');
  });

  it('a caller that has aborted gets its own reason from every call', async () => {
    const { bucket } = await newContainer('aborted');
    const upload = await bucket.beginUpload('x', { ...options, partSize: 1 });
    const reason = new Error('stop');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(Array.fromAsync(bucket.list('', { signal })), reason);
    await assert.rejects(bucket.read('x', { signal }), reason);
    await assert.rejects(bucket.delete('x', { signal }), reason);
    await assert.rejects(bucket.beginUpload('x', { signal, partSize: 1 }), reason);
    await assert.rejects(upload.writePart({ number: 1, offset: 0, bytes: Buffer.from('x') }, { signal }), reason);
  });
});

describe('segments that a killed run has left', () => {
  const day = 24 * 60 * 60 * 1000;
  const ours = 'a/v2/Full-00000000-00000010-1795200000.gz';
  const foundAfter = (bucket: Bucket, ms: number): Promise<readonly Leftover[]> =>
    abandonedUploads(bucket, 'a/', { ...options, now: Date.now() + ms });
  const beginOnly = async (bucket: Bucket, key: string): Promise<Upload> => {
    const upload = await bucket.beginUpload(key, { ...options, partSize: 2 });
    for (const number of [1, 2]) {
      await upload.writePart({ number, offset: (number - 1) * 2, bytes: Buffer.from('zz') }, options);
    }
    return upload;
  };

  it('are found and removed when they have our names and are a day old', async () => {
    const { bucket } = await newContainer('abandoned');
    const companion = 'a/v2/Companion-00000010-1795200000.tar.gz';
    const whole = 'a/v2/Full-00000000-00000020-1795200000.gz';
    await uploadInParts(bucket, whole, Buffer.from('whole'), 2);
    const others = ['a/v2/notes.txt', 'b/v2/Full-00000000-00000010-1795200000.gz'];
    for (const key of [ours, companion, ...others]) {
      await beginOnly(bucket, key);
    }
    assert.deepEqual(await foundAfter(bucket, day - 60_000), []);
    const found = await foundAfter(bucket, day + 60_000);
    assert.deepEqual(found.map(({ key }) => key).toSorted(), [companion, ours]);
    assert.match(found.map(({ what }) => what).join(), /the segments of swift:\/\/abandoned\/a\/v2\/Full-.*\/00000\*/);
    for (const each of found) {
      await each.remove(options);
      // Another run may have been faster.
      await each.remove(options);
    }
    const keysOf = (key: string): readonly string[] => [`${key}/0000000001`, `${key}/0000000002`];
    assert.deepEqual(
      Object.keys(await sizes(bucket)).toSorted(),
      [whole, ...keysOf(whole), `${whole}/0000000003`, ...others.flatMap(keysOf)].toSorted(),
    );
    assert.equal(await textOf(bucket, whole), 'whole');
  });

  it('do not count as bytes of an object that was to be replaced, which stays', async () => {
    const { bucket } = await newContainer('abandoned-replacement');
    await uploadInParts(bucket, ours, Buffer.from('oldest'), 2);
    await beginOnly(bucket, ours);
    assert.equal((await sizes(bucket))[ours], 6);
    const [only, ...more] = await foundAfter(bucket, day + 60_000);
    assert.match(only?.what ?? '', /\/00001\*/);
    assert.deepEqual(more, []);
    await only?.remove(options);
    assert.deepEqual(Object.keys(await sizes(bucket)), [ours, ...[1, 2, 3].map((at) => `${ours}/000000000${at}`)]);
    assert.equal(await textOf(bucket, ours), 'oldest');
  });

  it('stay where they have become an object since, or are written again', async () => {
    const { bucket, raw } = await newContainer('abandoned-late');
    const upload = await beginOnly(bucket, ours);
    const [late] = await foundAfter(bucket, day + 60_000);
    await upload.complete({ parts: 2, size: 4 }, options);
    assert.match(
      (await storeErrorOf(late?.remove(options) ?? assert.fail(), 'transient')).message,
      /an object meanwhile/,
    );
    assert.equal(await textOf(bucket, ours), 'zzzz');
    await raw('DELETE', `/${ours}`);
    const [again] = await foundAfter(bucket, day + 60_000);
    await raw('PUT', `/${ours}/0000000002`, { body: 'new' });
    assert.match(
      (await storeErrorOf(again?.remove(options) ?? assert.fail(), 'transient')).message,
      /writes them again/,
    );
    assert.equal((await sizes(bucket))[`${ours}/0000000002`], 3);
  });

  it('are none where another program has written the manifest', async () => {
    const { bucket, raw } = await newContainer('abandoned-other');
    for (const number of ['0000000001', '0000100001']) {
      await raw('PUT', `/${ours}/${number}`, { body: 'abc' });
    }
    await raw('PUT', `/${ours}`, { headers: { 'x-object-manifest': `abandoned-other/${ours}` } });
    assert.deepEqual(await foundAfter(bucket, day + 60_000), []);
    assert.equal((await sizes(bucket))[ours], 3, 'its own segments have the first number');
  });
});

// The last one: another region in the catalogue changes what those above may leave out.
describe('a token that is refused', () => {
  it('leads to another login, in the middle of an upload as well', async () => {
    const { raw } = await newContainer('renewed');
    await using store = await startFaultProxy(swift.url);
    await using login = await startFaultProxy(new URL(swift.keystone.url).origin);
    await swift.addRegion('Expiring', store.endpoint);
    const authURL = `${login.endpoint}/v3`;
    const bucket = new SwiftBucket({
      clock: systemClock,
      container: 'renewed',
      credentials: { ...credentials(), authURL, region: 'Expiring' },
    });
    let refused = 0;
    // Each operation on each object meets it once, as when a token has expired just before.
    const met = new Set<string>();
    store.fault(({ operation, key }) => {
      if (met.has(`${operation} ${key}`)) {
        return undefined;
      }
      met.add(`${operation} ${key}`);
      refused += 1;
      return { kind: 'status', status: 401 };
    });
    const bytes = randomBytes(3000);
    await uploadInParts(bucket, 'x', bytes, 1000);
    assert.equal((await sizes(bucket))['x'], 3000);
    assert.ok((await buffer(await bucket.read('x', options))).equals(bytes));
    await bucket.delete('x', options);
    await bucket[Symbol.asyncDispose]();
    assert.equal(await (await raw('GET', '')).text(), '');
    assert.ok(refused >= 6, `${refused} were refused`);
    // Requests that travel side by side may have shared one that was refused.
    const logins = login.calls.get('POST') ?? 0;
    assert.ok(logins > 3 && logins <= refused + 1, `${logins} logins for ${refused}`);
  });
});

describe('check-store on a container where something is not allowed', () => {
  const place = { list: /^\/v1\/[^/]+\/[^/]+$/, object: /^\/v1\/[^/]+\/[^/]+\/./ };
  for (const [methods, path, failing] of [
    [/^GET/, place.list, 'list'],
    [/^(GET|HEAD)/, place.object, 'read'],
    [/^PUT/, place.object, 'write'],
    [/^DELETE/, place.object, 'delete'],
  ] as const) {
    it(`reports that it is not allowed to ${failing}`, async () => {
      const name = `without-${failing}`;
      await newContainer(name);
      await using proxy = await startFaultProxy(swift.url);
      await swift.addRegion(name, proxy.endpoint);
      proxy.fault(({ operation, key }) =>
        methods.test(operation) && path.test(key) ? { kind: 'status', status: 403 } : undefined,
      );
      const bucket = new SwiftBucket({
        clock: systemClock,
        container: name,
        credentials: { ...credentials(), region: name },
      });
      assert.deepEqual(await failingSteps(bucket), [failing]);
    });
  }
});
