import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { Damage } from '../../../../src/datadir/damage.ts';
import { inspectDatabase } from '../../../../src/datadir/mvcc/inspect-database.ts';
import { goldenDatabase } from '../../../support/datadir/golden.ts';
import { writeFileIn } from '../../../support/datadir/write-file-in.ts';

const signal = new AbortController().signal;

// `etcdutl snapshot status` 3.5.16 and `etcdctl snapshot status` 3.4.23 print these.
const STATUS = {
  'etcd-3.5/gzip': { hash: 2286719206, lastRevision: 58, totalKeys: 70, size: 368640 },
  'etcd-3.4/gzip': { hash: 2855790827, lastRevision: 58, totalKeys: 70, size: 360448 },
} as const;

for (const name of ['etcd-3.5/gzip', 'etcd-3.4/gzip'] as const) {
  test(`inspectDatabase of ${name} agrees with etcd's own snapshot status`, async () => {
    using dir = makeTempDir();
    const facts = await inspectDatabase(writeFileIn(dir, 'db', goldenDatabase(name)), { signal });
    const { hash, lastRevision, totalKeys, size } = facts;
    assert.deepEqual({ hash, lastRevision, totalKeys, size }, STATUS[name]);
  });
}

test('inspectDatabase finds the same facts when the trailing hash of a snapshot still follows', async () => {
  using dir = makeTempDir();
  const whole = Buffer.concat([goldenDatabase('etcd-3.5/gzip'), Buffer.alloc(32, 7)]);
  const facts = await inspectDatabase(writeFileIn(dir, 'db', whole), { signal });
  assert.equal(facts.hash, STATUS['etcd-3.5/gzip'].hash);
  assert.equal(facts.size, STATUS['etcd-3.5/gzip'].size);
});

test('inspectDatabase refuses a database cut short anywhere', async () => {
  using dir = makeTempDir();
  const whole = goldenDatabase('etcd-3.5/gzip');
  for (let length = 0; length < whole.length; length += 2048) {
    const path = writeFileIn(dir, 'db', whole.subarray(0, length));
    await assert.rejects(inspectDatabase(path, { signal }), Damage, `cut at ${length}`);
  }
});

test('inspectDatabase refuses a bbolt file that is no etcd database', async () => {
  using dir = makeTempDir();
  const db = goldenDatabase('etcd-3.5/gzip');
  // The name is in the root leaf; only that copy is reachable.
  for (let at = db.indexOf('key'); at >= 0; at = db.indexOf('key', at + 1)) {
    db.write('kez', at);
  }
  const path = writeFileIn(dir, 'db', db);
  await assert.rejects(inspectDatabase(path, { signal }), { name: 'Damage', message: /no bucket "key"/ });
});

test('inspectDatabase ends when its signal aborts', async () => {
  using dir = makeTempDir();
  const path = writeFileIn(dir, 'db', goldenDatabase('etcd-3.5/gzip'));
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(inspectDatabase(path, { signal: aborted }), /enough/);
});
