import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { walkFolders } from '../../../../src/snapstore/fleet/walk-folders.ts';
import { StoreError } from '../../../../src/snapstore/store-error.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const FULL = 'Full-00000000-00000058-1795251532.gz';

async function walked(bucket: Bucket, root = '', signal = new AbortController().signal) {
  const found: string[] = [];
  const refused: string[] = [];
  await walkFolders(bucket, {
    root,
    signal,
    mayHold: (folder) => folder !== 'unwanted',
    onPrefix: ({ prefix, layouts }) => found.push(`${prefix}:${layouts.toSorted().join('+')}`),
    onRefused: (folder) => refused.push(folder),
    onFolder: () => undefined,
  });
  return { found: found.sort(), refused };
}

const failing = (bucket: Bucket, kind: 'denied' | 'transient', isBad: (folder: string) => boolean): Bucket => ({
  ...bucket,
  async *folders(folder, options) {
    if (isBad(folder)) {
      throw new StoreError(kind, { action: 'list', object: folder, found: 'the test says so' });
    }
    yield* bucket.folders(folder, options);
  },
});

const keys = [
  `a/v2/${FULL}`,
  `a/v1/Backup-1/${FULL}`,
  `a/b/c/v2/${FULL}`,
  `v2/${FULL}`,
  `unwanted/v2/${FULL}`,
  'etcdbrctl-fleet/v2/x',
  'a//v2/x',
  'notes/x',
];

async function filled(): Promise<Bucket> {
  const bucket = memoryBucket();
  await bucket.fill(keys);
  return bucket;
}

test('prefixes are found at any depth, without what is in their folders', async () => {
  assert.deepEqual(await walked(await filled()), { found: [':v2', 'a/b/c:v2', 'a:v1+v2'], refused: [] });
  assert.deepEqual(await walked(await filled(), 'a/'), { found: ['a/b/c:v2', 'a:v1+v2'], refused: [] });
});

test('a folder that is refused hides no other', async () => {
  const bucket = failing(await filled(), 'denied', (folder) => folder === 'a/b/');
  assert.deepEqual(await walked(bucket), { found: [':v2', 'a:v1+v2'], refused: ['a/b'] });
});

test('a root that is refused, and a store that answers for nothing, fail', async () => {
  const isRefusal = (error: unknown): boolean => error instanceof StoreError;
  await assert.rejects(walked(failing(await filled(), 'denied', (folder) => folder === '')), isRefusal);
  const many = memoryBucket();
  await many.fill(Array.from({ length: 10 }, (_, at) => `cluster-${at}/v2/${FULL}`));
  await assert.rejects(walked(failing(many, 'transient', (folder) => folder !== '')), isRefusal);
});

test('a store with folders without end is left after some', async () => {
  const endless: Bucket = {
    ...memoryBucket(),
    async *folders(folder) {
      yield `${folder}x/`;
    },
  };
  assert.deepEqual(await walked(endless), { found: [], refused: [] });
});

test('a walk ends with its signal', async () => {
  const stop = new AbortController();
  const bucket: Bucket = {
    ...memoryBucket(),
    async *folders(folder) {
      stop.abort(new Error('stopped'));
      yield `${folder}x/`;
    },
  };
  await assert.rejects(walked(bucket, '', stop.signal), /stopped/);
});
