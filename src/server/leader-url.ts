import { EtcdFailure } from '../etcd/etcd-failure.ts';
import type { ClusterMembers } from '../etcd/members.ts';
import type { Clock } from '../runtime/clock.ts';
import { askOwnMember } from './own-member.ts';

/** How long each of the two questions may take, ms. */
const questionMs = 5_000;

/** The first client URL of the member that leads, by our member's status and the member list; undefined where that is not known. */
export async function leaderClientUrl(
  members: Pick<ClusterMembers, 'ownStatus' | 'list'>,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<string | undefined> {
  const answer = await askOwnMember(members, { timeoutMs: questionMs, signal, clock });
  if (!('status' in answer) || answer.status.leaderId === undefined) {
    return undefined;
  }
  const { leaderId } = answer.status;
  try {
    const all = await members.list({ signal, timeoutMs: questionMs });
    return all.find(({ id }) => id === leaderId)?.clientUrls[0];
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EtcdFailure) {
      return undefined;
    }
    throw error;
  }
}
