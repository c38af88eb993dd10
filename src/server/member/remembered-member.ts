import { findOwnMember } from '../../operations/initialize/find-own-member.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import type { ClusterAccess, MemberAndPeers, MemberContext } from './cluster-access.ts';

/** How long the API server may take, ms. */
const LEASE_MS = 10_000;
/** How long each of the other members may take, ms. */
const PEER_MS = 3_000;

/**
 * What shows that our member was a part of a cluster that has no quorum now: its lease has a holder, or another member, asked at its peer
 * URL, knows where clients found ours, which a member says only once it has started; or that there is such a cluster without ours: the
 * lease of another member has a holder. Undefined when nothing does; what cannot be asked counts as nothing.
 */
export async function rememberedMember(
  access: ClusterAccess,
  own: MemberAndPeers,
  context: MemberContext,
): Promise<string | undefined> {
  const [held, known, ...others] = await Promise.all([
    leaseHeld(access, own.name, context),
    knownToPeers(access, own, context),
    ...own.otherNames.map((name) => leaseHeld(access, name, context)),
  ]);
  return (
    (held ? `its lease ${own.name} has a holder, so it was a member` : undefined) ??
    known ??
    own.otherNames
      .filter((_, at) => others[at] === true)
      .map((name) => `the lease of ${name} has a holder, so there is a cluster already`)[0]
  );
}

async function leaseHeld(
  { lease }: ClusterAccess,
  name: string,
  { signal, clock, log }: MemberContext,
): Promise<boolean> {
  if (lease === undefined) {
    return false;
  }
  using deadline = deadlineIn(LEASE_MS, { signal, clock });
  try {
    return await deadline.bound(lease.hasHolder(name, { signal: deadline.signal }));
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ error }, `The lease ${name} cannot be read, and counts as one without a holder: ${messageOf(error)}`);
    return false;
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
    const self = findOwnMember(listed, own);
    if (self !== undefined && self.clientUrls.length > 0) {
      return `the member at ${url} knows it as one that has started before`;
    }
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
