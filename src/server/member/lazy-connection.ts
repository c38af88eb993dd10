import type { EtcdConnection } from '../../etcd/connect.ts';
import type { ClusterMembers, MembershipCall } from '../../etcd/members.ts';
import { OpenOnDemand } from '../open-on-demand.ts';

/**
 * A connection that is opened for the first question and closed when `ended` aborts. An opening that fails, such as for a
 * certificate that is not there yet, is the failure of that question, and is tried again for the next.
 */
export function lazyConnection(
  open: () => Promise<EtcdConnection>,
  ended: AbortSignal,
): { readonly cluster: Pick<EtcdConnection['cluster'], 'position'>; readonly members: ClusterMembers } {
  const opened = new OpenOnDemand(open);
  const close = (): void => void opened[Symbol.asyncDispose]().catch(() => undefined);
  ended.addEventListener('abort', close, { once: true });
  const members = async (): Promise<ClusterMembers> => (await opened.open()).members;
  return {
    cluster: { position: async (call) => (await opened.open()).cluster.position(call) },
    members: {
      ownStatus: async (call) => (await members()).ownStatus(call),
      list: async (call) => (await members()).list(call),
      addLearner: async (peerUrls, call) => (await members()).addLearner(peerUrls, call),
      promote: async (id, call) => (await members()).promote(id, call),
      remove: async (id, call) => (await members()).remove(id, call),
      updatePeerUrls: async (id: bigint, peerUrls: readonly string[], call: MembershipCall) =>
        (await members()).updatePeerUrls(id, peerUrls, call),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    },
  };
}
