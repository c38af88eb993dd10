import type { Leases } from '../../kube/leases.ts';
import type { MemberLease } from './cluster-access.ts';

/** The leases of members among those of a namespace. */
export function memberLease(leases: Pick<Leases, 'get'>): MemberLease {
  return {
    async hasHolder(name, options) {
      const lease = await leases.get(name, options);
      return (lease?.holderIdentity ?? '') !== '';
    },
  };
}
