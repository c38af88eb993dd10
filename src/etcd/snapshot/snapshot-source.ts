import type { MemberStatus, SnapshotSource } from '../cluster.ts';

/** A follower that is further behind the newest revision than this does not keep up. */
const mostRevisionsBehind = 1_000;

/**
 * The member that a full should be read from: among followers the one that is furthest ahead, as the leader has enough to
 * do. With `any` the leader (or whoever else answers) takes the place of followers that lag. Learners are never chosen
 * while there is a voter. Undefined when none fits.
 */
export function chooseSnapshotSource(
  statuses: readonly MemberStatus[],
  wanted: SnapshotSource,
): MemberStatus | undefined {
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
      return follower !== undefined && newest - follower.revision <= mostRevisionsBehind
        ? follower
        : (leader ?? voters[0] ?? statuses[0]);
    default:
      return wanted satisfies never;
  }
}
