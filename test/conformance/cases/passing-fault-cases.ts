import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import type { HttpFault } from '../../support/servers/http-fault.ts';
import { CHUNK, sha256 } from './bucket-rig.ts';
import { ampleTimeouts, briskTimeouts, type FaultRig } from './fault-rig.ts';

/** What goes wrong once, and is overcome. */
const faults: Readonly<Record<string, HttpFault>> = {
  'a reset connection': { kind: 'reset' },
  'a lost answer': { kind: 'lose answer' },
  'a stall': { kind: 'stall' },
  'status 500': { kind: 'status', status: 500 },
  'status 503': { kind: 'status', status: 503 },
  'status 503 with Retry-After': { kind: 'status', status: 503, retryAfter: 1 },
  'status 429 with Retry-After': { kind: 'status', status: 429, retryAfter: 1 },
  'a slow first byte': { kind: 'delay', ms: 300 },
  'a truncated body': { kind: 'truncate', after: 20 },
};

/** Faults that hit the first call of every operation. */
export function passingFaultCases(rig: FaultRig): void {
  const { freshFolder, list, read, save, signal } = rig;

  describe('each operation meets it once', { concurrency: 5 }, () => {
    for (const [title, fault] of rig.met(faults)) {
      test(title, async () => {
        const folder = freshFolder();
        const key = `${folder}object`;
        const bytes = seededBytes(CHUNK + 1000, title.length);
        await using way = await rig.through(fault.kind === 'stall' ? briskTimeouts : ampleTimeouts);
        const { bucket, proxy } = way;
        proxy.fault(({ count, operation }) =>
          count === 1 && (fault.kind !== 'stall' || rig.isSlowKind(operation)) ? fault : undefined,
        );
        const begun = performance.now();
        const entry = await save(bucket, key, bytes);
        assert.equal(entry.size, bytes.length);
        assert.equal(sha256(await read(rig.direct, key)), sha256(bytes));
        assert.ok((await list(bucket, folder)).includes(key));
        // A body that breaks off fails, it never ends early; the caller reads again.
        const first = await read(bucket, key).catch((error: unknown) => error);
        const received = first instanceof Buffer ? first : await retried(first, () => read(bucket, key));
        assert.equal(sha256(received), sha256(bytes));
        await bucket.delete(key, { signal });
        if (fault.kind === 'status' && fault.retryAfter !== undefined) {
          assert.ok(performance.now() - begun >= fault.retryAfter * 1000, 'the store was left alone as it asked');
        }
        await rig.assertNothingBelow(folder);
      });
    }

    test('bytes that change while they are uploaded', async () => {
      const folder = freshFolder();
      const key = `${folder}object`;
      const bytes = seededBytes(CHUNK + 1000, 50);
      await using way = await rig.through(ampleTimeouts);
      const { bucket, proxy } = way;
      let spoilt = 0;
      proxy.fault(({ operation }) => {
        if (!rig.opened.part.test(operation) || spoilt === 1) {
          return undefined;
        }
        spoilt += 1;
        return { kind: 'corrupt' };
      });
      await save(bucket, key, bytes);
      assert.equal(sha256(await read(rig.direct, key)), sha256(bytes));
    });
  });
}

async function retried(error: unknown, again: () => Promise<Buffer>): Promise<Buffer> {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'transient', error.message);
  return await again();
}
