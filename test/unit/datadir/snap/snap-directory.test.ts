import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { chooseSnapshot } from '../../../../src/datadir/snap/snap-directory.ts';
import { type RaftSnapshot, writeSnapFile } from '../../../../src/datadir/snap/snap-file.ts';

test('the newest intact snapshot that the log has a mark of is chosen', async () => {
  using temp = makeTempDir();
  const all = [
    { term: 1, index: 10 },
    { term: 1, index: 20 },
    { term: 2, index: 15 },
    { term: 2, index: 30 },
  ];
  for (const one of all) {
    await writeSnapFile(temp.path, snapshot(one));
  }
  const marks = all.slice(0, 3).map((mark) => ({ ...mark, confState: undefined }));
  const first = await chooseSnapshot(temp.path, marks);
  assert.deepEqual([first.snapshot?.term, first.snapshot?.index, first.passedOver], [2, 15, []]);

  const newest = temp.join('0000000000000002-000000000000001e.snap');
  const bytes = await readFile(newest);
  bytes[bytes.length - 1] = 0xff;
  await writeFile(newest, bytes);
  const middle = temp.join('0000000000000002-000000000000000f.snap');
  await writeFile(middle, '');
  const second = await chooseSnapshot(temp.path, marks);
  assert.deepEqual([second.snapshot?.term, second.snapshot?.index], [1, 20]);
  assert.deepEqual(
    second.passedOver.map((damage) => damage.file),
    [newest, middle],
  );

  assert.equal((await chooseSnapshot(temp.path, [])).snapshot, undefined);
});

function snapshot(at: { readonly term: number; readonly index: number }): RaftSnapshot {
  return { ...at, confState: { voters: [1n, 2n ** 64n - 1n], learners: [3n] }, data: Buffer.from('{"Root":null}') };
}
