import assert from 'node:assert/strict';
import { it } from 'node:test';
import { companionsIn, isCompanionKey } from '../../../../src/snapstore/backups/companion-store.ts';
import type { Bucket, ObjectEntry } from '../../../../src/snapstore/bucket.ts';

const upload = {} as Parameters<typeof companionsIn>[1]['upload'];

function listing(...names: readonly string[]): Bucket {
  const list = async function* (): AsyncGenerator<ObjectEntry> {
    yield* names.map((name) => ({ key: `v2/${name}`, size: 1, modifiedAt: 0 }) as unknown as ObjectEntry);
  };
  return { list } as unknown as Bucket;
}

it('companions whose numbers have no revision or no date are left out', async () => {
  const good = 'Companion-00000058-1795251532.tar.gz.age';
  const bad = [
    `Companion-${'9'.repeat(17)}-1795251532.tar.gz`,
    'Companion-00000058-9007199254740991.tar.gz',
    `Companion-00000058-${'9'.repeat(400)}.tar.gz`,
  ];
  const store = companionsIn(listing(...bad, good), { folder: 'v2/', upload, identities: 'as stored' });
  const found = await store.list({ signal: new AbortController().signal });
  assert.deepEqual(
    found.map(({ name }) => name),
    [good],
  );
  assert.ok(isCompanionKey(`v2/${good}`));
});
