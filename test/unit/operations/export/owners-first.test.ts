import assert from 'node:assert/strict';
import { it } from 'node:test';
import { OwnersFirst } from '../../../../src/operations/export/owners-first.ts';

/** Names of keys that are also their uids; each with its owners. */
const objects: Readonly<Record<string, readonly string[]>> = {
  configmap: [],
  deployment: ['gone'],
  loop: ['pool'],
  namespace: [],
  pod: ['replicaset'],
  pool: ['loop'],
  replicaset: ['deployment'],
  self: ['self'],
};

it('keys come after those that they belong to, each once, also where these belong to each other', async () => {
  const source = {
    async *keys() {
      for (const name of [...Object.keys(objects), 'plain']) {
        const rest = { createRevision: 1, modRevision: 1, version: 1, lease: 0n, leaseTtl: undefined };
        yield { key: Buffer.from(name), value: Buffer.alloc(0), ...rest };
      }
    },
  };
  const ordered = new OwnersFirst(source, ({ key }) => {
    const uid = Buffer.from(key).toString();
    return { uid: uid === 'plain' ? '' : uid, owners: objects[uid] ?? [], comesFirst: uid === 'namespace' };
  });
  const seen: string[] = [];
  for await (const { key } of ordered.keys()) {
    seen.push(Buffer.from(key).toString());
  }
  assert.deepEqual(seen.toSorted(), [...Object.keys(objects), 'plain'].toSorted());
  assert.equal(seen[0], 'namespace');
  assert.ok(seen.indexOf('deployment') < seen.indexOf('replicaset'));
  assert.ok(seen.indexOf('replicaset') < seen.indexOf('pod'));
});
