import { boundedCall } from '../kube/bounded-call.ts';
import { fullLeasePatch } from '../kube/lease-patches.ts';
import { Leases } from '../kube/leases.ts';
import { openApiServer } from '../kube/open-api-server.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { CommandContext } from './session.ts';

/** How long the renewal may take, ms. */
const renewalMs = 60_000;

/** Writes a full that is stored into its Kubernetes lease, which is never lowered. The backup is done: a failure is a warning. */
export async function renewFullLease(
  { name, full, namespace }: { readonly name: string; readonly full: Snapshot; readonly namespace: string | undefined },
  context: CommandContext,
): Promise<void> {
  const { clock, log, signal, environment } = context;
  if (namespace === undefined) {
    log.warn(`Cannot renew lease ${name}: POD_NAMESPACE is not set`);
    return;
  }
  try {
    using server = await openApiServer({ environment });
    const leases = new Leases({ server, namespace }, clock);
    const outcome = await boundedCall(
      (stop) => leases.renew(name, (lease) => fullLeasePatch(lease, full), { signal: stop }),
      { ms: renewalMs, clock, signal },
    );
    if (outcome === 'left') {
      log.info(`Left lease ${namespace}/${name} as it is: it holds a higher revision`);
    }
  } catch (error) {
    log.warn({ error }, `Cannot renew lease ${namespace}/${name}; the snapshot is stored all the same: ${error}`);
  }
}
