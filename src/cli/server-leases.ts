import { LazyApiServer } from '../kube/lazy-api-server.ts';
import { Leases } from '../kube/leases.ts';
import { openApiServer } from '../kube/open-api-server.ts';
import type { SnapshotterListener } from '../operations/snapshot/events.ts';
import type { LeaderTask } from '../server/leader-tasks.ts';
import { SnapshotLeases } from '../server/leases/snapshot-leases.ts';
import type { ServerInvocation } from './server-invocation.ts';

/** Leases of Kubernetes that a server renews while its member leads. */
export interface ServerLeases {
  readonly listeners: readonly SnapshotterListener[];
  readonly tasks: readonly LeaderTask[];
}

const none: ServerLeases = { listeners: [], tasks: [] };

/** The leases that the options ask for. Nothing is asked of Kubernetes before the first renewal, and nothing waits for it. */
export function serverLeasesOf({ config, pod, context }: ServerInvocation): ServerLeases {
  const { enabled, fullName: full, deltaName: delta } = config.leases;
  if (!enabled || config.store.provider === undefined) {
    return none;
  }
  if (pod.namespace === undefined) {
    context.log.warn('The leases of snapshots are not renewed: POD_NAMESPACE is not set');
    return none;
  }
  const { environment, clock } = context;
  const server = new LazyApiServer(() => openApiServer({ environment }));
  const leases = new Leases({ server, namespace: pod.namespace }, clock);
  const log = context.log.child({ actor: 'lease' });
  const renewal = new SnapshotLeases(
    { leases: () => Promise.resolve(leases), names: { full, delta } },
    { ...context, log },
  );
  return {
    listeners: [renewal.listener],
    tasks: [{ name: 'renew the leases of snapshots', run: (signal) => renewal.run(signal) }],
  };
}
