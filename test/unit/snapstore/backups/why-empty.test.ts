import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../../../../scripts/lab/temp-dir.ts';
import { whyEmpty } from '../../../../src/snapstore/backups/why-empty.ts';
import type { Bucket } from '../../../../src/snapstore/bucket.ts';
import { openStore } from '../../../../src/snapstore/registry.ts';
import type { SnapStore } from '../../../../src/snapstore/snapstore.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { memoryBucket } from '../../../support/stores/memory-bucket.ts';

const FULL = 'Full-00000000-00000058-1795251532.gz';

function storeAt(container: string, prefix: string): Promise<SnapStore> {
  const config = {
    provider: 'Local',
    container,
    prefix,
    endpointOverride: undefined,
    maxParallelChunkUploads: 1,
    minChunkSize: 5 * 1024 * 1024,
    role: 'primary',
  } as const;
  return openStore(config, { ...recordedContext(), environment: {} });
}

const CASES: readonly {
  readonly files: readonly string[];
  readonly container?: string;
  readonly prefix: string;
  readonly is: object;
}[] = [
  {
    files: [],
    prefix: '',
    is: { kind: 'unproved', reason: 'its directory is empty, as where a volume is not mounted' },
  },
  { files: ['notes', 'v2/notes', 'a/b/c'], prefix: '', is: { kind: 'nothing stored' } },
  { files: [`v2/${FULL}.bak`], prefix: '', is: { kind: 'remains', first: `v2/${FULL}.bak`, count: 1 } },
  {
    files: [`a/v2/old/${FULL}`, 'a/v2/notes', 'a/v2/History-1795251600-00000003.json'],
    prefix: 'a',
    is: { kind: 'remains', first: 'a/v2/History-1795251600-00000003.json', count: 2 },
  },
  {
    files: ['v2/Proof-1795251600-00000122-restore-sound.json'],
    prefix: '',
    is: { kind: 'remains', first: 'v2/Proof-1795251600-00000122-restore-sound.json', count: 1 },
  },
  {
    files: [`v2/${FULL.toLowerCase()}`],
    prefix: '',
    is: { kind: 'remains', first: `v2/${FULL.toLowerCase()}`, count: 1 },
  },
  { files: [`v2/${FULL}.bak`], prefix: 'typo', is: { kind: 'nothing stored' } },
  { files: [], container: 'nowhere', prefix: '', is: { kind: 'no container' } },
  { files: [], container: 'nowhere/v2', prefix: 'x', is: { kind: 'no container' } },
  { files: ['a-file'], container: 'a-file', prefix: '', is: { kind: 'no container' } },
  { files: [`v2/${FULL}`], container: 'v2', prefix: '', is: { kind: 'directly here' } },
  { files: [`v1/Backup-1795251532/${FULL}`], container: 'v1', prefix: '', is: { kind: 'directly here' } },
  { files: [`main/v2/${FULL}`], prefix: 'main/v2', is: { kind: 'directly here' } },
  { files: [FULL], prefix: '', is: { kind: 'directly here' } },
  { files: [`main/v2/${FULL}`], prefix: 'typo', is: { kind: 'other prefixes', prefixes: ['main'] } },
  { files: [`main/v2/${FULL}`], prefix: '', is: { kind: 'other prefixes', prefixes: ['main'] } },
  { files: [`v2/${FULL}`], prefix: 'typo', is: { kind: 'other prefixes', prefixes: [''] } },
  { files: [`a/b/v1/Backup-1/${FULL}`], prefix: 'a', is: { kind: 'other prefixes', prefixes: ['a/b'] } },
];

for (const { files, container, prefix, is } of CASES) {
  const where = `${container ?? ''}:${prefix}`;
  test(`a store at ${where} with ${files.join(', ') || 'nothing'} is empty because of ${JSON.stringify(is)}`, async () => {
    using dir = makeTempDir();
    for (const file of files) {
      await mkdir(path.dirname(dir.join(file)), { recursive: true });
      await writeFile(dir.join(file), 'x');
    }
    await using store = await storeAt(dir.join(container ?? ''), prefix);
    assert.deepEqual(await store.whyEmpty?.({ signal: new AbortController().signal }), is);
  });
}

test('a store is not proved to be empty by folders of which something else is listed, such as keys in another writing', async () => {
  const bucket = memoryBucket();
  const reason = 'the answer has objects of other prefixes than was asked for';
  const encoded: Bucket = {
    ...bucket,
    list: async function* (prefix, { onDoubt }) {
      if (prefix === '') {
        yield { key: `v2%2F${FULL}`, size: 1, modifiedAt: 0 };
      } else {
        onDoubt?.({ about: 'objects', reason });
      }
    },
  };
  const { signal } = recordedContext();
  assert.deepEqual(await whyEmpty(encoded, '', { signal }), { kind: 'unproved', reason });
});
