import { findSelf } from '../../operations/initialize/find-self.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import type { ClusterAccess, MemberAndPeers, MemberContext } from './cluster-access.ts';

/** How long the API server may take, ms. */
const LEASE_MS = 10_000;
/** How long each of the other members may take, ms. */
const PEER_MS = 3_000;

/**
 * What remembers that our member was a part of a cluster that has no quorum now: its lease has a holder, or another member, asked at
 * its peer URL, knows where clients found ours, which a member tells only once it has started. Undefined when nothing does; what
 * cannot be asked counts as nothing.
 */
export async function rememberedMember(
  access: ClusterAccess,
  own: MemberAndPeers,
  context: MemberContext,
): Promise<string | undefined> {
  const [held, known] = await Promise.all([leaseHeld(access, own.name, context), knownToPeers(access, own, context)]);
  return held ?? known;
}

async function leaseHeld(
  { lease }: ClusterAccess,
  name: string,
  { signal, clock, log }: MemberContext,
): Promise<string | undefined> {
  if (lease === undefined) {
    return undefined;
  }
  using deadline = deadlineIn(LEASE_MS, { signal, clock });
  try {
    const held = await deadline.bound(lease.hasHolder(name, { signal: deadline.signal }));
    return held ? `its lease ${name} has a holder, so it was a member` : undefined;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error }, `The lease ${name} cannot be read, and counts as one without a holder: ${messageOf(error)}`);
    return undefined;
  }
}

async function knownToPeers(
  access: ClusterAccess,
  own: MemberAndPeers,
  { signal, clock }: MemberContext,
): Promise<string | undefined> {
  const answers = await Promise.all(
    own.otherPeerUrls
      .filter((url) => /^https?:/.test(url))
      .map(async (url) => {
        using deadline = deadlineIn(PEER_MS, { signal, clock });
        const asked = access.askPeer(url, { timeoutMs: PEER_MS, signal: deadline.signal });
        const answer = await deadline.bound(asked).catch(() => undefined);
        signal.throwIfAborted();
        return { url, answer };
      }),
  );
  for (const { url, answer } of answers) {
    const members = answer?.kind === 'members' ? answer.members : [];
    const listed = members.map((member) => ({ ...member, id: 0n, isLearner: false }));
    const self = findSelf(listed, own);
    if (self !== undefined && self.clientUrls.length > 0) {
      return `the member at ${url} knows it as one that has started before`;
    }
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
