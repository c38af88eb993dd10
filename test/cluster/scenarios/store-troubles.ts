import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../../support/cluster/scenario.ts';
import type { FaultHook } from '../../support/servers/http-fault.ts';

function troubled(name: string, hook: FaultHook, longMs: number): Scenario {
  return {
    name,
    cluster: 'shared',
    async disturb({ cluster, random, length, note }) {
      for (const pod of cluster.members) {
        cluster.store.fault(pod.place, hook);
      }
      const ms = (length === 'long' ? longMs : 6_000) + random.integer(1_000);
      await sleep(ms);
      for (const pod of cluster.members) {
        cluster.store.fault(pod.place, () => undefined);
      }
      note(`for ${(ms / 1_000).toFixed(0)} s`);
    },
  };
}

/** How long the store is away in `make test-cluster`, ms; `STORE_DOWN_SECONDS` says otherwise. */
const downMs = Number(process.env['STORE_DOWN_SECONDS'] || 600) * 1_000;

/** Nothing reaches the store. */
export const storeDown = troubled('store down', () => ({ kind: 'reset' }), downMs);

/** The store can be read, and takes nothing. */
export const storeReadOnly = troubled(
  'store read-only',
  ({ operation }) => (/^(?:GET|HEAD)\b/.test(operation) ? undefined : { kind: 'status', status: 403 }),
  60_000,
);
