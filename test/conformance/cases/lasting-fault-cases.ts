import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError, type StoreErrorKind } from '../../../src/snapstore/store-error.ts';
import { seededBytes } from '../../support/fixtures/byte-streams.ts';
import type { HttpFault } from '../../support/servers/http-fault.ts';
import { CHUNK } from './bucket-rig.ts';
import { ampleTimeouts, type FaultRig, shortTimeouts } from './fault-rig.ts';

/** Faults that do not pass, and the errors that report them. */
const faults: Readonly<Record<string, readonly [HttpFault, StoreErrorKind]>> = {
  'reset connections': [{ kind: 'reset' }, 'transient'],
  stalls: [{ kind: 'stall' }, 'transient'],
  'status 500': [{ kind: 'status', status: 500 }, 'transient'],
  'status 503': [{ kind: 'status', status: 503 }, 'transient'],
  'status 429': [{ kind: 'status', status: 429 }, 'transient'],
  'status 401, as for an expired token': [{ kind: 'status', status: 401 }, 'denied'],
  'status 403': [{ kind: 'status', status: 403 }, 'denied'],
  'status 507': [{ kind: 'status', status: 507 }, 'quota'],
};

/** Longest that any operation may take, ms; no fault here leaves an answer to be waited for, and what stalls is waited for shortly. */
const bound = 120_000;

/** Faults that do not pass: every operation fails in time, by its kind, and changes nothing. */
export function lastingFaultCases(rig: FaultRig): void {
  const { freshFolder, list, read, save, signal } = rig;

  describe('each operation always meets it', { concurrency: 5 }, () => {
    for (const [title, [fault, kind]] of rig.met(faults)) {
      test(title, async () => {
        const folder = freshFolder();
        const kept = `${folder}kept`;
        await save(rig.direct, kept, Buffer.from('kept'));
        const before = await list(rig.direct, folder);
        await using way = await rig.through(fault.kind === 'stall' ? shortTimeouts : ampleTimeouts);
        const { bucket, proxy } = way;
        proxy.fault(() => fault);
        const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
          save: () => save(bucket, `${folder}object`, seededBytes(CHUNK + 1000, 60)),
          list: () => list(bucket, folder),
          read: () => read(bucket, kept),
          delete: () => bucket.delete(kept, { signal }),
        };
        for (const [name, attempt] of Object.entries(attempts)) {
          const begun = performance.now();
          await assert.rejects(attempt, isOfKind(kind, name));
          assert.ok(performance.now() - begun < bound, name);
        }
        assert.deepEqual(await list(rig.direct, folder), before);
        assert.equal((await read(rig.direct, kept)).toString(), 'kept');
      });
    }

    test('every response is cut off', async () => {
      const folder = freshFolder();
      const kept = `${folder}kept`;
      await save(rig.direct, kept, seededBytes(100_000, 61));
      await using way = await rig.through(ampleTimeouts);
      way.proxy.fault(() => ({ kind: 'truncate', after: 20 }));
      await assert.rejects(read(way.bucket, kept), isOfKind('transient', 'read'));
      await assert.rejects(list(way.bucket, folder), isOfKind('transient', 'list'));
    });

    test('all parts but the first are refused: nothing of the upload is left', async () => {
      const folder = freshFolder();
      await using way = await rig.through(ampleTimeouts);
      let parts = 0;
      way.proxy.fault(({ operation }) => {
        parts += Number(rig.opened.part.test(operation));
        return rig.opened.part.test(operation) && parts > 1 ? { kind: 'status', status: 503 } : undefined;
      });
      await assert.rejects(
        save(way.bucket, `${folder}object`, seededBytes(3 * CHUNK, 62)),
        isOfKind('transient', 'save'),
      );
      await rig.assertNothingBelow(folder);
    });
  });
}

function isOfKind(kind: StoreErrorKind, name: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreError, `${name}: ${error}`);
    assert.equal(error.kind, kind, `${name}: ${error.message}`);
    return true;
  };
}
