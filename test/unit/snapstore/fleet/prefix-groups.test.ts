import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrefixGroups } from '../../../../src/snapstore/fleet/prefix-groups.ts';

const FULL = 'Full-00000000-00000058-1795251532.gz';
const DELTA = 'Incr-00000059-00000060-1795251533.gz';

/** After which key of a listing which prefixes are given out, with how many snapshots. */
function ended(keys: readonly string[]): { readonly steps: readonly string[]; readonly again: readonly string[] } {
  const groups = new PrefixGroups({ now: 0 });
  const shown = (all: ReturnType<PrefixGroups['end']>): string =>
    all.map(({ prefix, snapshots }) => `${prefix}:${snapshots.length}`).join(' ');
  const steps = keys.map((key) => shown(groups.add({ key, size: 100, modifiedAt: 0 })));
  return { steps: [...steps, shown(groups.end())], again: [...groups.again] };
}

test('a group is given out when the listing has left its folder', () => {
  const keys = [`a/v2/${FULL}`, `a/v2/${DELTA}`, `b/v2/${FULL}`, 'c/other'];
  assert.deepEqual(ended(keys), { steps: ['', '', 'a:2', 'b:1', ''], again: [] });
});

test('a group that lies between the layouts of another is its own', () => {
  const keys = [`a/v1/Backup-1795251532/${FULL}`, `a/v10/v2/${FULL}`, `a/v2/${DELTA}`, `ab/v2/${FULL}`];
  assert.deepEqual(ended(keys), { steps: ['', '', 'a/v10:1', 'a:2', 'ab:1'], again: [] });
});

test('backups at the top stay open to the end', () => {
  const keys = [`a/v2/${FULL}`, `v1/Backup-1795251532/${FULL}`, `v10/v2/${FULL}`, `v2/${DELTA}`];
  assert.deepEqual(ended(keys), { steps: ['', 'a:1', '', 'v10:1', ':2'], again: [] });
});

test('a listing without order tells which prefixes came twice', () => {
  assert.deepEqual(ended([`a/v2/${FULL}`, `b/v2/${FULL}`, `a/v2/${DELTA}`]).again, ['a']);
});

test('of a prefix with too many objects some are held, and that is said', () => {
  const groups = new PrefixGroups({ now: 0, mostObjects: 2 });
  for (const at of [1, 2, 3]) {
    groups.add({ key: `a/v2/Full-00000000-0000000${at}-1795251532.gz`, size: 1, modifiedAt: 0 });
  }
  const [cut, whole] = [...groups.add({ key: `b/v2/${FULL}`, size: 1, modifiedAt: 0 }), ...groups.end()];
  assert.deepEqual([cut?.isCut, cut?.snapshots.length, whole?.isCut], [true, 2, false]);
});
