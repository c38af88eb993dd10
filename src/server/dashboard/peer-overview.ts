import type { ClusterMember } from '../../etcd/members.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import type { Clock } from '../../runtime/clock.ts';
import { askSidecar } from '../ask-sidecar.ts';
import { leaderAddress } from '../leader-address.ts';
import type { PeerSidecars } from '../peer-proof.ts';
import type { DashboardPeer } from './dashboard-document.ts';

/** How long a sidecar may take to answer, ms. */
const answerMs = 3_000;

/** How the sidecar of a member is; asks nothing of our own. Never rejects. */
export async function sidecarHealth(
  { clientUrls: [clientUrl] }: Pick<ClusterMember, 'clientUrls'>,
  { port, security }: PeerSidecars,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<DashboardPeer['sidecar']> {
  const address = clientUrl === undefined ? undefined : leaderAddress(clientUrl, port);
  if (address === undefined) {
    return 'unknown';
  }
  using deadline = deadlineIn(answerMs, { signal, clock });
  try {
    const request = { method: 'GET', path: '/healthz', headers: {}, signal: deadline.signal, clock };
    const answer = await deadline.bound(askSidecar(address, security, request));
    // A follower answers 503; the body is of no interest.
    answer.on('error', () => {}).destroy();
    return answer.statusCode === 200 ? 'healthy' : answer.statusCode === 503 ? 'answers' : 'unknown';
  } catch {
    return 'unreachable';
  }
}
