import assert from 'node:assert/strict';
import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeTempDir } from '../../../scripts/lab/temp-dir.ts';
import { giveTree } from '../../../src/fs/give-tree.ts';

const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

test('what has the right owner already is left as it is: each change takes a sync', async () => {
  using directory = makeTempDir();
  const paths = ['tree', 'tree/member', 'tree/member/db'].map((name) => directory.join(name));
  const [tree = '', member = '', db = ''] = paths;
  mkdirSync(member, { recursive: true });
  writeFileSync(db, 'x');
  const changed = (): readonly bigint[] => paths.map((each) => statSync(each, { bigint: true }).ctimeNs);
  const before = changed();
  await giveTree(tree, own);
  assert.deepEqual(changed(), before);
});

test('what belongs to others is given, wherever in the tree it is', {
  skip: own.uid !== 0 && 'root alone',
}, async () => {
  using directory = makeTempDir();
  const paths = ['tree', 'tree/wal', 'tree/wal/0.wal', 'tree/db'].map((name) => directory.join(name));
  const [tree = '', wal = '', log = '', db = ''] = paths;
  mkdirSync(wal, { recursive: true });
  writeFileSync(log, 'x');
  writeFileSync(db, 'x');
  // One has the user already, another the group.
  chownSync(log, 1234, 0);
  chownSync(db, 0, 1235);
  await giveTree(tree, { uid: 1234, gid: 1235 });
  for (const each of paths) {
    const { uid, gid } = statSync(each);
    assert.deepEqual({ uid, gid }, { uid: 1234, gid: 1235 }, each);
  }
});
