import type { MemberStatus, SnapshotSource } from '../cluster.ts';

/** A follower that lags by more revisions is not read from where there is another member. */
const maxLag = 1_000;

/**
 * The member that a full should be read from: the follower with the newest revision, which spares the leader. With `any`
 * the leader, or else any member that answers, takes the place of followers that lag. A learner is chosen only when no
 * voter answers. A member that has not reached `reaching` is chosen only when none that fits has. Undefined when no member fits.
 */
export function chooseSnapshotSource(
  statuses: readonly MemberStatus[],
  { wanted, reaching = 0 }: { readonly wanted: SnapshotSource; readonly reaching?: number | undefined },
): MemberStatus | undefined {
  const reached = statuses.filter(({ revision }) => revision >= reaching);
  return chooseAmong(reached, wanted) ?? chooseAmong(statuses, wanted);
}

function chooseAmong(statuses: readonly MemberStatus[], wanted: SnapshotSource): MemberStatus | undefined {
  const newest = Math.max(0, ...statuses.map(({ revision }) => revision));
  const voters = statuses.filter(({ isLearner }) => !isLearner).toSorted((a, b) => b.revision - a.revision);
  const leader = voters.find(({ memberId, leaderId }) => memberId === leaderId);
  const follower = voters.find((each) => each !== leader);
  switch (wanted) {
    case 'leader':
      return leader;
    case 'follower':
      return follower;
    case 'any':
      return follower !== undefined && newest - follower.revision <= maxLag
        ? follower
        : (leader ?? voters[0] ?? statuses[0]);
    default:
      return wanted satisfies never;
  }
}
