import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddressable, placeOf } from '../../../../src/snapstore/fleet/key-place.ts';

const FULL = 'Full-00000000-00000058-1795251532.gz';

const PLACES: readonly (readonly [key: string, place: string])[] = [
  [`v2/${FULL}`, ' snapshot'],
  [`a/v2/${FULL}`, 'a snapshot'],
  [`a/v2/${FULL}/0000000001`, 'a snapshot'],
  [`team/a/etcd-main/v1/Backup-1795251532/${FULL}`, 'team/a/etcd-main snapshot'],
  // A cluster whose prefix ends as a layout is called.
  [`team/v2/v2/${FULL}`, 'team/v2 snapshot'],
  // Every folder of layout v1 is a set, as in the store of a prefix.
  [`v1/v2/${FULL}`, ' snapshot'],
  ['a/v2/History-1795251532-00000058.json', 'a marker'],
  ['a/v2/Companion-00000058-1795251532.tar.gz', 'a companion'],
  [`a/${FULL}`, 'none'],
  [`a/v1/${FULL}`, 'none'],
  [`a/v3/${FULL}`, 'none'],
  [`av2/${FULL}`, 'none'],
  ['a/v2/notes', 'none'],
  ['', 'none'],
  // No store can be opened there.
  [`a//b/v2/${FULL}`, 'none'],
  [`/v2/${FULL}`, 'none'],
  [`a/../v2/${FULL}`, 'none'],
  [`./v2/${FULL}`, 'none'],
  [`${'x'.repeat(2_048)}/v2/${FULL}`, 'none'],
];

for (const [key, expected] of PLACES) {
  test(`the place of ${key.slice(0, 60)}`, () => {
    const place = placeOf(key);
    assert.equal(place === undefined ? 'none' : `${place.prefix} ${place.is}`, expected);
  });
}

test('a key of nothing but layouts takes no time', () => {
  assert.equal(placeOf('v2/'.repeat(600)), undefined);
});

test('names of folders that a path would lose are no prefixes', () => {
  assert.deepEqual(['', 'a', 'a.b', '...', 'a/b'].filter(isAddressable), ['', 'a', 'a.b', '...', 'a/b']);
  assert.deepEqual(['.', '..', 'a/', '/a', 'a//b', 'a/./b'].filter(isAddressable), []);
});
