import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import { findOwnMember } from '../../operations/initialize/find-own-member.ts';
import { inAttempts } from '../../runtime/async/attempts.ts';
import { type ClusterAccess, joinPolicy, type MemberContext } from './cluster-access.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 5_000;
/** A learner that is there needs some time until it is promoted, ms. */
const LEARNER_MS = 5_000;

/**
 * Has our member added as a learner, in six attempts over a minute. One that is there already and has not started is as good: an
 * earlier attempt, whose answer was lost, may have added it. Rejects with the last failure; also when a member at our peer URLs
 * has started, since that is another place than the one that was asked for.
 */
export async function joinCluster(access: ClusterAccess, context: MemberContext): Promise<void> {
  const { members, random } = access;
  const { signal, clock, log } = context;
  const own = await access.own();
  const call = { signal, timeoutMs: ANSWER_MS };
  const joining = inAttempts(
    async () => {
      try {
        await members.addLearner(own.peerUrls, call);
      } catch (error) {
        if (!(error instanceof EtcdFailure) || error.code !== 'etcd_member_exists' || !(await isAwaited())) {
          throw error;
        }
      }
    },
    { policy: joinPolicy, clock, signal, random, delayAfter: delayAfterRefusal },
  );
  await joining.catch(async (error: unknown) => {
    throw error instanceof EtcdFailure && error.code === 'etcd_too_many_learners' ? await explained(error) : error;
  });
  log.info(`${own.name} is in the cluster as a learner`);

  /** Names the learner in the way; the refusal as it is where that is not found. */
  async function explained(refusal: EtcdFailure): Promise<EtcdFailure> {
    const learner = await members.list(call).then(
      (list) => list.find(({ isLearner }) => isLearner),
      () => undefined,
    );
    if (learner === undefined) {
      return refusal;
    }
    const id = learner.id.toString(16);
    const who = learner.name ?? learner.peerUrls.join(', ');
    return new EtcdFailure({
      code: 'etcd_too_many_learners',
      action: 'add',
      object: `the learner ${own.name} to its cluster`,
      found: `${who} (id ${id}${learner.name === undefined ? ', not started yet' : ''}) is a learner that has no vote yet, and etcd takes one at a time`,
      remedy: `see the log of that member: this one joins when it votes. If it is gone for good, remove it (etcdctl member remove ${id})`,
      cause: refusal,
    });
  }

  async function isAwaited(): Promise<boolean> {
    const self = findOwnMember(await members.list(call), own);
    return self !== undefined && self.name === undefined;
  }
}

function delayAfterRefusal(error: unknown): number | undefined {
  if (!(error instanceof EtcdFailure)) {
    return undefined;
  }
  switch (error.code) {
    case 'etcd_auth':
    case 'etcd_tls':
    case 'etcd_options':
      return undefined;
    case 'etcd_too_many_learners':
      return LEARNER_MS;
    default:
      return 0;
  }
}
