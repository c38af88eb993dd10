import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import { type BucketRig, CHUNK, isStoreError } from './bucket-rig.ts';

/** Names that break adapters which build URLs, XML or paths by hand. */
const ODD_NAMES = [
  'with space',
  'plus+and&amp;ersand=equals',
  'percent%20and%2Fslash',
  'hash#question?colon:semi;comma,',
  'quote\'double"back`tick',
  'ünïcödé-日本-🙂',
  'paren(s)[brackets]{braces}',
  'star*tilde~at@dollar$excl!caret^pipe|',
  '<angle>&"entities"',
  'dots...and.trailing.dot.x',
  '~tilde-first',
  `long-${'n'.repeat(200)}`,
];

/** Listings are complete and exact, names survive, and what is deleted is gone. */
export function listingCases(rig: BucketRig): void {
  const { put, get, entriesBelow, keysBelow, allKeysBelow, isShown, freshFolder, freshKey, signal } = rig;

  test('an absent object cannot be deleted', async () => {
    await assert.rejects(rig.bucket.delete(freshKey(), { signal }), isStoreError('not_found'));
  });

  test('the listing of an absent folder is empty', async () => {
    assert.deepEqual(await keysBelow(freshFolder()), []);
  });

  test('a deleted object is gone', async () => {
    const prefix = freshFolder();
    await put(`${prefix}gone`, seededBytes(CHUNK + 1, 12));
    await put(`${prefix}kept`, Buffer.from('kept'));
    await rig.bucket.delete(`${prefix}gone`, { signal });
    assert.deepEqual(await keysBelow(prefix), [`${prefix}kept`]);
    assert.deepEqual(await allKeysBelow(`${prefix}gone`), []);
    await assert.rejects(get(`${prefix}gone`), isStoreError('not_found'));
    await assert.rejects(rig.bucket.delete(`${prefix}gone`, { signal }), isStoreError('not_found'));
    await put(`${prefix}gone`, Buffer.from('again'));
    assert.equal((await get(`${prefix}gone`)).toString(), 'again');
  });

  test('a listing shows the keys that begin with its prefix, and nothing else', async () => {
    const prefix = freshFolder();
    const names = ['v1/Backup-1/a', 'v2/a', 'v2/ab', 'v2/b/0000000001', 'v20/a', 'v'].map((name) => `${prefix}${name}`);
    for (const name of names) {
      await put(name, Buffer.from(name));
    }
    assert.deepEqual(await keysBelow(prefix), names.filter(isShown).toSorted());
    const inFolder = ['v2/a', 'v2/ab', 'v2/b/0000000001'].map((name) => `${prefix}${name}`);
    assert.deepEqual(await keysBelow(`${prefix}v2/`), inFolder.filter(isShown));
    assert.deepEqual(await keysBelow(`${prefix}v2/a`), [`${prefix}v2/a`, `${prefix}v2/ab`]);
    assert.deepEqual(await keysBelow(`${prefix}v1/`), [`${prefix}v1/Backup-1/a`]);
  });

  test('a folder shows the folders in it, each once, and nothing that is in them', async () => {
    const prefix = freshFolder();
    const names = ['b/v2/a', 'b/v2/c', 'b/v1/Backup-1/a', 'file', 'bc/d', 'b-/x'];
    await rig.fill(names.map((name) => `${prefix}${name}`));
    await put(`${prefix}odd &<é/x`, Buffer.from('odd'));
    const foldersIn = async (folder: string): Promise<string[]> =>
      (await Array.fromAsync(rig.bucket.folders(folder, { signal }))).sort();
    assert.deepEqual(
      await foldersIn(prefix),
      ['b-/', 'b/', 'bc/', 'odd &<é/'].map((name) => `${prefix}${name}`),
    );
    assert.deepEqual(await foldersIn(`${prefix}b/`), [`${prefix}b/v1/`, `${prefix}b/v2/`]);
    assert.deepEqual(await foldersIn(`${prefix}b/v2/`), []);
    assert.deepEqual(await foldersIn(`${prefix}absent/`), []);
    assert.ok((await foldersIn('')).includes(prefix));
  });

  test('folders are shown over all pages', async () => {
    const prefix = freshFolder();
    const keys = Array.from({ length: rig.subject.manyObjects ?? 1100 }, (_, at) => `${prefix}cluster-${at}/v2/x`);
    await rig.fill(keys);
    const folders = await Array.fromAsync(rig.bucket.folders(prefix, { signal }));
    if (rig.bucket.pages !== undefined) {
      const paged = (await Array.fromAsync(rig.bucket.pages(prefix, { signal }))).flat();
      assert.deepEqual(paged.map(({ key }) => key).toSorted(), keys.toSorted());
    }
    assert.deepEqual(folders.toSorted(), keys.map((key) => key.slice(0, -'v2/x'.length)).toSorted());
  });

  test('a listing that says so gives the keys of a folder one after the other', async () => {
    const prefix = freshFolder();
    const keys = ['a/b/v2/x', 'a/v1/Backup-1/x', 'a/v10/x', 'a/v2/x', 'a-/v2/x', 'aa/x', 'a/b/v1/y', 'b/x', 'a/v2/y'];
    await rig.fill(keys.map((key) => `${prefix}${key}`));
    if (rig.bucket.traits.listsByFolder === true) {
      const seen = (await Array.fromAsync(rig.bucket.list(prefix, { signal }))).map(({ key }) => key);
      for (const folder of ['a/', 'a/b/', 'a/v2/', 'a-/']) {
        const places = seen.flatMap((key, at) => (key.startsWith(`${prefix}${folder}`) ? at : []));
        assert.equal((places.at(-1) ?? 0) - (places[0] ?? 0), places.length - 1, folder);
      }
    }
  });

  test('a listing shows sizes and times', async () => {
    const key = freshKey();
    const begun = Date.now();
    const saved = await put(key, Buffer.alloc(1234));
    const [entry] = await entriesBelow(key);
    assert.equal(entry?.size, 1234);
    // Servers count in whole seconds, and their clocks are not quite ours.
    assert.ok(Math.abs((entry?.modifiedAt ?? 0) - begun) < 60_000);
    assert.ok(Math.abs((entry?.modifiedAt ?? 0) - saved.modifiedAt) < 2000);
  });

  for (const name of ODD_NAMES) {
    test(`an odd name: ${name.slice(0, 40)}`, async () => {
      const prefix = freshFolder();
      const key = `${prefix}${name}`;
      await put(key, Buffer.from(name));
      assert.deepEqual(await keysBelow(prefix), [key]);
      assert.equal((await get(key)).toString(), name);
      await rig.bucket.delete(key, { signal });
      assert.deepEqual(await allKeysBelow(prefix), []);
    });
  }
}
