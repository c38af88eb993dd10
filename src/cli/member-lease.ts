import type { PodEnvironment } from '../config/environment.ts';
import type { MemberLease } from '../server/member/cluster-access.ts';
import type { CommandContext } from './session.ts';

/** The leases of members in the namespace of the pod; undefined outside of Kubernetes. */
export function memberLeaseOf(
  { namespace }: Pick<PodEnvironment, 'namespace'>,
  { environment, clock }: Pick<CommandContext, 'environment' | 'clock'>,
): MemberLease | undefined {
  const isInKubernetes = ['KUBECONFIG', 'KUBERNETES_SERVICE_HOST'].some((name) => (environment[name] ?? '') !== '');
  if (namespace === undefined || !isInKubernetes) {
    return undefined;
  }
  return {
    async hasHolder(name, { signal }) {
      const { openApiServer } = await import('../kube/open-api-server.ts');
      const { Leases } = await import('../kube/leases.ts');
      using server = await openApiServer({ environment });
      const lease = await new Leases({ server, namespace }, clock).get(name, { signal });
      return (lease?.holderIdentity ?? '') !== '';
    },
  };
}
