import assert from 'node:assert/strict';
import { it } from 'node:test';
import { serverCommand } from '../../../src/cli/server.ts';
import { snapshotLeasesOf } from '../../../src/cli/server-leases.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { Leases } from '../../../src/kube/leases.ts';
import { silentProgress } from '../../../src/runtime/terminal/progress.ts';
import { FakeClock } from '../../support/clock/fake-clock.ts';
import { RecordedLog } from '../../support/context/recorded-log.ts';

/** How many tasks renew leases, and what is said about it. */
async function renewing(more: Readonly<Record<string, string>>, { inKubernetes }: { readonly inKubernetes: boolean }) {
  const flags = new Map(
    Object.entries({
      'enable-snapshot-lease-renewal': 'true',
      'full-snapshot-lease-name': 'full',
      'delta-snapshot-lease-name': 'delta',
      ...more,
    }).map(([flag, value]) => [flag, [value]]),
  );
  const { config } = await loadConfig(serverCommand.spec, { flags, environment: {} });
  const [clock, log] = [new FakeClock(), new RecordedLog()];
  const { signal } = new AbortController();
  const context = { clock, log, signal, progress: silentProgress, environment: {} };
  const server = {
    location: 'nowhere',
    request: () => Promise.reject(new Error('nothing is asked')),
    [Symbol.dispose]: () => undefined,
  };
  const leases = inKubernetes ? new Leases({ server, namespace: 'shoot' }, clock) : undefined;
  const { tasks } = snapshotLeasesOf({ config, given: new Set(flags.keys()), context }, leases);
  return { tasks: tasks.length, said: log.texts };
}

it('leases that are asked for and not renewed are named at the start', async () => {
  const local = { 'storage-provider': 'Local' };
  assert.deepEqual(await renewing(local, { inKubernetes: true }), { tasks: 1, said: [] });
  assert.deepEqual(await renewing({}, { inKubernetes: true }), { tasks: 0, said: [] });
  assert.deepEqual(await renewing(local, { inKubernetes: false }), {
    tasks: 0,
    said: ['The leases of snapshots are not renewed: POD_NAMESPACE is not set'],
  });
  assert.deepEqual(await renewing({ ...local, 'delta-snapshot-period': '0s' }, { inKubernetes: true }), {
    tasks: 1,
    said: ['Lease delta (--delta-snapshot-lease-name) is not renewed: --delta-snapshot-period turns deltas off'],
  });
});
