import assert from 'node:assert/strict';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { warnOfOtherReaders } from '../../../../src/operations/snapshot/other-readers.ts';
import { revision } from '../../../../src/revision.ts';
import { newSnapshot } from '../../../../src/snapshot/name.ts';
import { type Packing, pack } from '../../../../src/snapshot/packing.ts';
import type { Compression } from '../../../../src/snapshot/snapshot.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { ageKeys } from '../../../support/fixtures/age-keys.ts';
import { collected, inPieces } from '../../../support/fixtures/byte-streams.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const { recipients } = await ageKeys();
const contents = Buffer.from('what is backed up');
const signal = new AbortController().signal;
const ours = { compression: 'gzip' } as const satisfies Packing;

/** The warnings before objects are written as `packing` says, into a store whose newest object is `body`. */
async function warnings(
  packing: Packing,
  newest: { readonly body: AsyncIterable<Uint8Array>; readonly compression: Compression; readonly encryption?: 'age' },
): Promise<readonly string[]> {
  const context = recordedContext(signal);
  const { body, ...form } = newest;
  const parts = { kind: 'Full', startRevision: revision(0), lastRevision: revision(5), isFinal: false } as const;
  const { name } = newSnapshot({ ...parts, ...form, createdOn: 1_795_251_532 });
  const store = memorySnapStore([{ key: `v2/${name}`, bytes: await collected(body) }]);
  await warnOfOtherReaders({ store, packing }, await store.list({ signal }), context);
  return context.lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
}

it('who may be of the Go program is told that it cannot read what is written', async () => {
  const goObject = { body: inPieces(gzipSync(contents), 10), compression: 'gzip' } as const;
  const [zstd = ''] = await warnings({ compression: 'zstd' }, goObject);
  assert.match(zstd, /may be of etcd-backup-restore, which cannot restore .* --compression-policy zstd/);
  const [sealed = ''] = await warnings(
    { ...ours, recipients },
    { ...goObject, body: inPieces(gzipSync(contents), 10) },
  );
  assert.match(sealed, /with --encrypt-to/);
  for (const compression of ['none', 'zlib', 'lzw'] as const) {
    assert.equal((await warnings({ compression: 'zstd' }, { body: inPieces(contents, 9), compression })).length, 1);
  }
});

it('what only this program writes is no reason to warn, and neither is what both read', async () => {
  for (const packing of [{ compression: 'zstd' }, { compression: 'gzip', recipients }] as const) {
    const body = (): AsyncIterable<Uint8Array> => pack(inPieces(contents, 9), ours);
    assert.deepEqual(await warnings(packing, { body: body(), compression: 'gzip' }), []);
    assert.deepEqual(await warnings(packing, { body: body(), compression: 'zstd' }), []);
    assert.deepEqual(await warnings(packing, { body: body(), compression: 'gzip', encryption: 'age' }), []);
  }
  assert.deepEqual(await warnings(ours, { body: inPieces(gzipSync(contents), 10), compression: 'gzip' }), []);
});
