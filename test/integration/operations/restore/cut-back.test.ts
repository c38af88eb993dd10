import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { etcdLines, etcdRelease } from '../../../../scripts/lab/etcd-release.ts';
import { type EtcdServer, startEtcd } from '../../../../scripts/lab/etcd-server.ts';
import { makeTempDir, type TempDir } from '../../../../scripts/lab/temp-dir.ts';
import { planRestore } from '../../../../src/operations/restore/plan.ts';
import { restore } from '../../../../src/operations/restore/restore.ts';
import { type Revision, revision } from '../../../../src/revision.ts';
import { recordedContext } from '../../../support/context/run-context.ts';
import { servedHash, servedKeys } from '../../../support/datadir/served-keys.ts';
import { storedKeys } from '../../../support/datadir/stored-keys.ts';
import { restoreRequest, soleMember } from '../../../support/fixtures/restore-request.ts';
import { memorySnapStore } from '../../../support/stores/memory-snapstore.ts';

const COMPACTED = 20;

for (const line of etcdLines) {
  describe(`a full of etcd ${line} that is cut back`, () => {
    let dir: TempDir;
    let etcd: EtcdServer;
    let last: number;
    let bytes: Uint8Array;
    let lease: string;

    before(async () => {
      dir = makeTempDir();
      etcd = await startEtcd({ release: await etcdRelease(line) });
      for (let count = 0; count < 30; count++) {
        await etcd.etcdctl('put', `key-${count % 7}`, `${count}`.repeat(count % 5 === 0 ? 3_000 : 3));
        if (count % 6 === 5) {
          await etcd.etcdctl('del', '--prefix', `key-${count % 3}`);
        }
        if (count === 20) {
          await etcd.etcdctl('compact', `${COMPACTED}`, '--physical');
        }
      }
      lease = /lease (\w+) granted/.exec(await etcd.etcdctl('lease', 'grant', '600'))?.[1] ?? '';
      await etcd.etcdctl('put', 'leased-1', 'x', `--lease=${lease}`);
      await etcd.etcdctl('put', 'leased-2', 'x', `--lease=${lease}`);
      await etcd.etcdctl('lease', 'revoke', lease);
      await etcd.etcdctl('put', 'end', 'x');
      const status = JSON.parse(await etcd.etcdctl('endpoint', 'status', '--write-out=json')) as {
        Status: { header: { revision: number } };
      }[];
      last = status[0]?.Status.header.revision ?? 0;
      await etcd.etcdctl('snapshot', 'save', dir.join('saved'));
      bytes = await readFile(dir.join('saved'));
    });
    after(async () => {
      await etcd[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    });

    const object = (name: number) => ({
      key: `v2/Full-00000000-${String(name).padStart(8, '0')}-1795251500`,
      bytes,
    });
    const upTo = (wanted: number): { readonly until: { readonly kind: 'revision'; readonly revision: Revision } } => ({
      until: { kind: 'revision', revision: revision(wanted) },
    });

    it('has every revision that its history has, whatever its name says', async () => {
      for (let wanted = COMPACTED; wanted <= last; wanted++) {
        for (const name of [COMPACTED, last]) {
          using scratch = makeTempDir();
          const store = memorySnapStore([object(name)]);
          const result = await restore(restoreRequest(scratch, { store, target: upTo(wanted) }), recordedContext());
          assert.equal(result.revision, wanted);
          assert.deepEqual(
            await storedKeys(scratch.join('data/member/snap/db')),
            await servedKeys(etcd, { revision: wanted }),
            `revision ${wanted}`,
          );
        }
      }
    });

    it('is refused for a revision that was compacted', async () => {
      using scratch = makeTempDir();
      for (const name of [5, last]) {
        const store = memorySnapStore([object(name)]);
        const request = restoreRequest(scratch, { store, target: upTo(COMPACTED - 1) });
        await assert.rejects(restore(request, recordedContext()), {
          code: 'no_backup',
          message: new RegExp(`no full snapshot leads to revision 19: .* compacted up to revision ${COMPACTED};`),
        });
      }
    });

    it('is what etcd serves, with the leases of its keys, and goes on from there', async () => {
      const peerPort = 2380;
      for (const wanted of [COMPACTED + 1, last - 2, last - 1, last]) {
        using scratch = makeTempDir();
        const store = memorySnapStore([object(last)]);
        const request = restoreRequest(scratch, {
          store,
          target: upTo(wanted),
          member: soleMember(`http://127.0.0.1:${peerPort}`),
        });
        await restore(request, recordedContext());
        await using served = await startEtcd({
          release: await etcdRelease(line),
          dataDir: scratch.join('data'),
          extraArgs: [
            `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
            `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
          ],
        });
        assert.equal(await servedHash(served, wanted), await servedHash(etcd, wanted), `revision ${wanted}`);
        const left = await served.etcdctl('lease', 'list');
        assert.equal(left.includes(lease), wanted === last - 2 || wanted === last - 3, `revision ${wanted}: ${left}`);
        await served.etcdctl('put', 'more', 'x');
        assert.match(
          await served.etcdctl('get', 'more', '--write-out=json'),
          new RegExp(`"mod_revision":${wanted + 1},`),
        );
      }
    });

    it('is planned where nothing else leads to the revision', async () => {
      const plan = await planRestore(
        { store: memorySnapStore([object(last)]), target: upTo(last - 3) },
        recordedContext(),
      );
      assert.deepEqual([plan.lastRevision, plan.missing, plan.deltas.length], [last - 3, undefined, 0]);
    });
  });
}
