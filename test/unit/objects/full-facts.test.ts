import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsOfFull } from '../../../src/objects/full-facts.ts';
import { recordedContext } from '../../support/context/run-context.ts';
import { lookupChain, put } from '../../support/fixtures/lookup-chain.ts';

test('a full tells where it comes from with one short read; one that is damaged there, or ends without, tells nothing', async () => {
  const chain = await lookupChain(
    Array.from({ length: 300 }, (_, at) => put(`/k/${at}`, `v${at}`, at + 2)),
    [[put('/k/1', 'v', 302)]],
  );
  const context = recordedContext();
  const object = chain.bucket.objects.get(chain.fullKey);
  const [full, delta] = (await chain.store.list(context)).snapshots;
  assert.ok(object !== undefined && full !== undefined && delta !== undefined);
  chain.reads.keys.length = 0;
  const facts = await factsOfFull({ store: chain.store, full }, context);
  assert.deepEqual(facts, {
    clusterId: 'abc',
    lastRevision: 301,
    compactRevision: 0,
    pageSize: 4096,
    writtenBy: 'test',
  });
  assert.ok(chain.reads.keys.length === 1 && chain.reads.bytes <= 4_096, `${chain.reads.bytes} bytes`);
  assert.equal(await factsOfFull({ store: chain.store, full: delta }, context), undefined);
  assert.equal(await factsOfFull({ store: chain.store, full: { ...full, compression: 'zlib' } }, context), undefined);
  // The facts are before the footer of 66 bytes.
  for (const at of [object.bytes.length - 1, object.bytes.length - 66, object.bytes.length - 66 - 20]) {
    const bytes = Buffer.from(object.bytes);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    chain.bucket.objects.set(chain.fullKey, { ...object, bytes });
    assert.equal(await factsOfFull({ store: chain.store, full }, context), undefined, `${at}`);
  }
  chain.bucket.objects.set(chain.fullKey, { ...object, bytes: object.bytes.subarray(0, chain.indexStart) });
  const shorter = { ...full, size: chain.indexStart };
  assert.equal(await factsOfFull({ store: chain.store, full: shorter }, context), undefined);
  chain.bucket.objects.clear();
  assert.equal(await factsOfFull({ store: chain.store, full }, context), undefined);
});
