import type { MembershipPlan } from '../../datadir/membership/bootstrap.ts';
import { askPeer } from '../../etcd/peer-members.ts';
import type { RunContext } from '../../runtime/run-context.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 3_000;

/**
 * Warns when other members of the cluster that is restored answer at their peer URLs: a member that is restored alone contradicts
 * what it has agreed to with those that run.
 */
export async function warnOfLivingPeers(member: MembershipPlan, { log, signal }: RunContext): Promise<void> {
  const others = [...member.initialCluster].flatMap(([name, urls]) =>
    name === member.name ? [] : urls.filter((url) => /^https?:/.test(url)).map((url) => ({ name, url })),
  );
  const answers = await Promise.all(
    others.map(async (other) => ({ ...other, answer: await askPeer(other.url, { timeoutMs: ANSWER_MS, signal }) })),
  );
  const living = answers.filter(({ answer }) => answer.kind !== 'silent');
  if (living.length > 0) {
    const who = living.map(({ name, url }) => `${name} (${url})`).join(', ');
    log.warn(
      `Something answers at the peer URL of ${who}. Do not start ${member.name} on what is restored while its old cluster runs: remove it there and add it again, or stop and restore all members`,
    );
  }
}
