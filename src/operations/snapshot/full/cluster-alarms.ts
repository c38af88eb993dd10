import type { EtcdCluster } from '../../../etcd/cluster.ts';
import { Failure } from '../../../runtime/failure.ts';
import type { RunContext } from '../../../runtime/run-context.ts';

/**
 * Warns of members that are learners: they have no vote, and may lack much of the history. Never fails: a member that does not
 * answer is left out, and what is needed from it fails by itself.
 */
export async function reportLearners(
  cluster: EtcdCluster,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  const members = await cluster.members({ signal }).catch(() => []);
  for (const { endpoint, memberId, isLearner } of members) {
    if (isLearner) {
      const member = memberId.toString(16);
      log.warn(
        { member, endpoint },
        `Member ${member} at ${endpoint} is a learner, which has no vote until it is promoted`,
      );
    }
  }
}

/**
 * Asks for the alarms of a cluster. Warns of a lack of space (`NOSPACE`); throws a Failure `etcd_corrupt` when a member is
 * corrupt (`CORRUPT`): what comes from such a cluster must not take the place of good backups.
 */
export async function refuseCorruptCluster(
  cluster: EtcdCluster,
  { signal, log }: Pick<RunContext, 'signal' | 'log'>,
): Promise<void> {
  for (const { alarm, memberId } of await cluster.alarms({ signal })) {
    const member = memberId.toString(16);
    switch (alarm) {
      case 'NOSPACE':
        log.warn({ member }, `etcd has raised the alarm NOSPACE for member ${member}: it accepts no more writes`);
        break;
      case 'CORRUPT':
        throw new Failure({
          code: 'etcd_corrupt',
          action: 'take a full snapshot of',
          object: cluster.location,
          found: `etcd has raised the alarm CORRUPT for member ${member}`,
          remedy: 'replace that member and disarm the alarm; the backups there are left as they are',
        });
      default:
        alarm satisfies never;
    }
  }
}
