import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import { inAttempts } from '../../runtime/async/attempts.ts';
import { Failure } from '../../runtime/failure.ts';
import { type ClusterAccess, type MemberContext, patientPolicy, quickPolicy } from './cluster-access.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 5_000;

/**
 * Compares the peer URLs that the cluster has of our own member, found by its id, with those of the configuration, as sets, and
 * replaces them where they differ; nothing where the configuration says nothing. `onUpdating` is called before the cluster is asked to,
 * as it may do so and its answer be lost. Throws a {@link Failure} `wrong_member` when the member at the first endpoint has another name.
 */
export async function comparePeerUrls(
  access: ClusterAccess,
  { signal, clock, log }: MemberContext,
  onUpdating: () => void,
): Promise<void> {
  const { members, random } = access;
  const own = await access.configured();
  if (own === undefined) {
    return;
  }
  const call = { signal, timeoutMs: ANSWER_MS };
  const retried = { clock, signal, random, delayAfter: (error: unknown) => (isTransient(error) ? 0 : undefined) };
  const self = await inAttempts(
    async () => {
      const { memberId } = await members.ownStatus(call);
      return (await members.list(call)).find(({ id }) => id === memberId);
    },
    { policy: patientPolicy, ...retried },
  );
  if (self === undefined || (self.name !== undefined && self.name !== own.name)) {
    throw new Failure({
      code: 'wrong_member',
      action: 'compare the peer URLs of',
      object: own.name,
      found: `the member at the first endpoint is ${self?.name ?? 'not in the list of its cluster'}`,
      remedy: 'give the endpoint of our own member first in --endpoints',
    });
  }
  if (sorted(self.peerUrls) === sorted(own.peerUrls)) {
    return;
  }
  onUpdating();
  await inAttempts(() => members.updatePeerUrls(self.id, own.peerUrls, call), { policy: quickPolicy, ...retried });
  log.info(
    { before: self.peerUrls, after: own.peerUrls },
    `The peer URLs of ${own.name} are ${own.peerUrls.join(', ')} now; they were ${self.peerUrls.join(', ')}`,
  );
}

function isTransient(error: unknown): boolean {
  return error instanceof EtcdFailure && error.isTransient;
}

function sorted(urls: readonly string[]): string {
  return [...new Set(urls)].sort().join(',');
}
