import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revision } from '../../../../src/revision.ts';
import { BackupStore } from '../../../../src/snapstore/backups/backup-store.ts';
import type { StoredProof } from '../../../../src/snapstore/backups/proof-store.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { put } from '../../../support/fixtures/fleet.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const proof: StoredProof = {
  on: 1_795_251_600,
  level: 'restore',
  sound: true,
  revision: revision(122),
  snapshots: ['Full-00000000-00000122-1795251532.gz'],
  problems: [],
};

function storeOver(bucket = memoryBucket()) {
  const context = recordedContext();
  const upload = { parallel: 1, minChunkSize: 5 << 20, clock: context.clock, log: context.log };
  return { bucket, context, store: new BackupStore({ bucket, prefix: 'main', upload, log: context.log }) };
}

test('a proof is written whole next to the snapshots, which lists pass over', async () => {
  const { bucket, context, store } = storeOver();
  const key = await store.proofs.record(proof, context);
  assert.equal(key, 'main/v2/Proof-1795251600-00000122-restore-sound.json');
  assert.deepEqual(JSON.parse(String(bucket.objects.get(key)?.bytes)), {
    format: 1,
    ...proof,
    on: '2026-11-21T09:00:00.000Z',
  });
  const { snapshots, ignored } = await store.list(context);
  assert.deepEqual([snapshots, ignored, context.lines], [[], [], []]);
});

test('proofs that overlapping pages show twice count once', async () => {
  const { bucket, context, store } = storeOver();
  const twice = {
    ...bucket,
    list: async function* (...given: Parameters<typeof bucket.list>) {
      yield* bucket.list(...given);
      yield* bucket.list(...given);
    },
  };
  await store.proofs.record(proof, context);
  await store.proofs.record({ ...proof, on: proof.on + 1 }, context);
  await storeOver(twice).store.proofs.record({ ...proof, on: proof.on + 2 }, context);
  assert.equal(bucket.objects.size, 3);
});

test('the newest three stay, whoever wrote them; what may not go does no harm', async () => {
  const { bucket, context, store } = storeOver();
  const other = storeOver(bucket).store;
  for (let at = 0; at < 6; at += 1) {
    const sound = at % 2 === 0;
    await (sound ? store : other).proofs.record({ ...proof, on: proof.on + at, sound }, context);
  }
  const names = (): readonly string[] =>
    [...bucket.objects.keys()].map((key) => key.slice('main/v2/Proof-179525160'.length, -5)).sort();
  assert.deepEqual(names(), ['3-00000122-restore-damaged', '4-00000122-restore-sound', '5-00000122-restore-damaged']);
  const locked = {
    ...bucket,
    delete: (key: string) =>
      Promise.reject(new StoreError('immutable', { action: 'delete', object: key, found: 'it is locked' })),
  };
  await storeOver(locked).store.proofs.record({ ...proof, on: proof.on + 6 }, context);
  assert.equal(names().length, 4);
});

/** Records proofs, a second after another, and gives what is left without the time of each that begins them. */
async function left(
  proofs: readonly (Partial<StoredProof> & Pick<StoredProof, 'on'>)[],
  { bucket, store, context }: ReturnType<typeof storeOver> = storeOver(),
): Promise<readonly string[]> {
  for (const each of proofs) {
    await store.proofs.record({ ...proof, ...each }, context);
  }
  return [...bucket.objects.keys()]
    .map((key) =>
      key
        .replace('main/v2/Proof-', '')
        .replace(/-\d{8}-|\.json$/g, ' ')
        .trim(),
    )
    .sort();
}

test('what is locked keeps nothing else: the oldest goes first', async () => {
  const { bucket } = storeOver();
  const tried: string[] = [];
  const isLocked = (key: string): boolean => /Proof-10[35]-/.test(key);
  const watched = {
    ...bucket,
    delete: (key: string, options: Parameters<typeof bucket.delete>[1]) => {
      tried.push(key.slice('main/v2/Proof-'.length, 'main/v2/Proof-100'.length));
      return isLocked(key)
        ? Promise.reject(new StoreError('immutable', { action: 'delete', object: key, found: 'it is locked' }))
        : bucket.delete(key, options);
    },
  };
  const name = '-00000122-restore-sound.json';
  for (let on = 101; on < 109; on += 1) {
    put(bucket, `main/v2/Proof-${on}${name}`, Buffer.from('{}'));
  }
  const found = await left([{ on: 109 }], storeOver(watched));
  assert.deepEqual(tried, ['101', '102', '103', '104', '105', '106']);
  assert.deepEqual(
    found.map((each) => each.slice(0, 3)),
    ['103', '105', '107', '108', '109'],
  );
});

test('at most a hundred go at a time, those that are locked last', async () => {
  const { bucket, store, context } = storeOver();
  const key = (on: number): string => `main/v2/Proof-${on}-00000122-restore-sound.json`;
  for (let on = 1_000; on < 1_250; on += 1) {
    put(bucket, key(on), Buffer.from('{}'));
    const object = bucket.objects.get(key(on));
    if (object !== undefined && on < 1_120) {
      bucket.objects.set(key(on), { ...object, entry: { ...object.entry, immutableUntil: 2_000_000 } });
    }
  }
  await store.proofs.record({ ...proof, on: 1_250 }, context);
  assert.equal(bucket.objects.size, 151);
  assert.deepEqual(
    [1_000, 1_119, 1_120, 1_219, 1_220].map((on) => bucket.objects.has(key(on))),
    [...[true, true], ...[false, false], true],
  );
});

test('proofs of a clock that was ahead go first, and never the one that was just written', async () => {
  const ahead = [1_000, 1_001, 1_002].map((on) => ({ on }));
  assert.deepEqual(await left([...ahead, { on: 500, sound: false }]), ['500 restore-damaged']);
  // Clocks may differ a little.
  assert.equal((await left([...ahead, { on: 702 }])).length, 4);
});

test('a proof that found damage stays until one that goes as deep finds none', async () => {
  const shallow = [11, 12, 13, 14].map((on) => ({ on, level: 'catalog' as const }));
  const last = ['12 catalog-sound', '13 catalog-sound', '14 catalog-sound'];
  const damaged = { on: 10, level: 'structure' as const, sound: false };
  assert.deepEqual(await left([damaged, ...shallow]), ['10 structure-damaged', ...last]);
  const deeper = shallow.map(({ on, level }) => ({ on: on + 10, level }));
  assert.deepEqual(await left([damaged, ...shallow, { on: 15 }, ...deeper]), [
    '22 catalog-sound',
    '23 catalog-sound',
    '24 catalog-sound',
  ]);
});

test('where damage is locked, what outweighs it stays', async () => {
  const { bucket } = storeOver();
  const locked = {
    ...bucket,
    delete: (key: string, options: Parameters<typeof bucket.delete>[1]) =>
      key.includes('damaged')
        ? Promise.reject(new StoreError('immutable', { action: 'delete', object: key, found: 'it is locked' }))
        : bucket.delete(key, options),
  };
  const shallow = [12, 13, 14, 15].map((on) => ({ on, level: 'catalog' as const }));
  assert.deepEqual(await left([{ on: 10, sound: false }, { on: 11 }, ...shallow], storeOver(locked)), [
    '10 restore-damaged',
    '11 restore-sound',
    '13 catalog-sound',
    '14 catalog-sound',
    '15 catalog-sound',
  ]);
});
