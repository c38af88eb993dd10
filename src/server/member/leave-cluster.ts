import { EtcdFailure } from '../../etcd/etcd-failure.ts';
import { findOwnMember } from '../../operations/initialize/find-own-member.ts';
import { inAttempts } from '../../runtime/async/attempts.ts';
import { type ClusterAccess, type MemberContext, quickPolicy } from './cluster-access.ts';

/** How long each member may take to answer, ms. */
const ANSWER_MS = 30_000;

/** Takes our member out of its cluster, in four attempts; one that is not there is fine. Rejects with the last failure. */
export async function leaveCluster(access: ClusterAccess, context: MemberContext): Promise<void> {
  const { members, random } = access;
  const { signal, clock, log } = context;
  const own = await access.own();
  const call = { signal, timeoutMs: ANSWER_MS };
  await inAttempts(
    async () => {
      const self = findOwnMember(await members.list(call), own);
      if (self === undefined) {
        return;
      }
      await members.remove(self.id, call).catch((error: unknown) => {
        if (!(error instanceof EtcdFailure && error.code === 'etcd_member_not_found')) {
          throw error;
        }
      });
      log.warn({ id: self.id.toString(16) }, `${own.name} was taken out of its cluster, to join it again`);
    },
    {
      policy: quickPolicy,
      clock,
      signal,
      random,
      delayAfter: (error) => (error instanceof EtcdFailure ? 0 : undefined),
    },
  );
}
