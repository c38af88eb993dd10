import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { makeCertificates } from '../../../scripts/lab/certificates.ts';
import { StoreError } from '../../../src/snapstore/store-error.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { ampleTimeouts, type FaultRig } from './fault-rig.ts';

const hour = 60 * 60 * 1000;

/** Who the store says it is, and what time it is. */
export function trustCases(rig: FaultRig): void {
  test('a certificate of a foreign authority is refused, and nothing is sent', async () => {
    await using certificates = await makeCertificates();
    await using proxy = await startFaultProxy(rig.opened.target, { tls: certificates.foreign });
    await using bucket = await rig.opened.bucket(proxy.endpoint, ampleTimeouts);
    await assert.rejects(rig.list(bucket, 'any/'), (error) => {
      assert.ok(error instanceof StoreError, String(error));
      assert.equal(error.kind, 'invalid', error.message);
      assert.match(error.message, /certificate/);
      return true;
    });
    assert.equal(proxy.calls.size, 0);
  });

  test('with a wrong clock it works, or fails as denied', async () => {
    const folder = rig.freshFolder();
    await using bucket = await rig.opened.bucket(rig.opened.target, ampleTimeouts);
    mock.timers.enable({ apis: ['Date'], now: Date.now() - 26 * hour });
    try {
      await rig.save(bucket, `${folder}object`, Buffer.from('late'));
      assert.equal((await rig.read(bucket, `${folder}object`)).toString(), 'late');
    } catch (error) {
      assert.ok(error instanceof StoreError, String(error));
      assert.equal(error.kind, 'denied', error.message);
    } finally {
      mock.timers.reset();
    }
  });
}
