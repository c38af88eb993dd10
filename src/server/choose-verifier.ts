import type { MemberStatus } from '../etcd/cluster.ts';
import type { ClusterMember, ClusterMembers } from '../etcd/members.ts';
import type { RunContext } from '../runtime/run-context.ts';
import type { PeerProof } from './peer-proof.ts';
import type { Proof } from './proof.ts';

/** Who verifies the backup this time. */
export type ChosenVerifier =
  | { readonly kind: 'ours' }
  /** The sidecar of another member does. */
  | { readonly kind: 'not ours' }
  /** It is not known who does, so this sidecar does not. */
  | { readonly kind: 'not known' }
  /** A follower has verified it since the last time; `at` is in ms since the epoch. */
  | {
      readonly kind: 'done';
      readonly by: string;
      readonly at: number;
      readonly seconds: number;
      readonly proof: Proof;
    };

/** What decides whose turn it is. */
export interface VerifierChoiceParts {
  /** What the newest look saw of our member; undefined while it is out of reach. */
  readonly own: () => MemberStatus | undefined;
  readonly list: ClusterMembers['list'];
  /** The location of a store that every sidecar finds at the same place; undefined where each may have one of its own. */
  readonly sharedStore: string | undefined;
  /** Asks the sidecar of the member with this client URL for its newest proof. Rejects when it has none. */
  readonly askProof: (clientUrl: string, options: { readonly signal: AbortSignal }) => Promise<PeerProof>;
}

/** A time of the schedule. */
export interface VerificationFiring {
  /** ms since the epoch. */
  readonly due: number;
  /** Until the next one, ms. */
  readonly periodMs: number;
  readonly signal: AbortSignal;
}

/** How long the member list may take, ms. */
const listMs = 5_000;

/**
 * The follower with the lowest id verifies, to spare the leader the work. The leader asks its sidecar, and does it itself where
 * that has not found the same store sound since the last time: so it is done at every time that the leader has, also where that sidecar
 * is away, of the Go program, or sees another store.
 */
export async function chooseVerifier(
  { own, list, sharedStore, askProof }: VerifierChoiceParts,
  { due, periodMs, signal }: VerificationFiring,
  { log }: Pick<RunContext, 'log'>,
): Promise<ChosenVerifier> {
  const status = own();
  if (status?.leaderId === undefined) {
    return { kind: 'not known' };
  }
  if (status.isLearner) {
    return { kind: 'not ours' };
  }
  const { memberId, leaderId } = status;
  const leads = memberId === leaderId;
  if (sharedStore === undefined) {
    return { kind: leads ? 'ours' : 'not ours' };
  }
  try {
    const verifier = followerThatVerifies(await list({ signal, timeoutMs: listMs }), leaderId);
    if (!leads) {
      return { kind: verifier?.id === memberId ? 'ours' : 'not ours' };
    }
    const [clientUrl] = verifier?.clientUrls ?? [];
    if (verifier === undefined || clientUrl === undefined) {
      return { kind: 'ours' };
    }
    const { store, at, seconds, proof } = await askProof(clientUrl, { signal });
    return store === sharedStore && at >= due - periodMs && proof.sound
      ? { kind: 'done', by: verifier.name ?? clientUrl, at, seconds, proof }
      : { kind: 'ours' };
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ error }, `No follower has a proof: ${error instanceof Error ? error.message : error}`);
    return { kind: leads ? 'ours' : 'not known' };
  }
}

function followerThatVerifies(members: readonly ClusterMember[], leaderId: bigint): ClusterMember | undefined {
  return members
    .filter(({ id, name, isLearner }) => id !== leaderId && name !== undefined && !isLearner)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))[0];
}
