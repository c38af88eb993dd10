import type { ClusterMember, ClusterMembers } from '../../etcd/members.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import type { MetCluster } from '../member/membership.ts';
import { configDocument } from './config-document.ts';
import { configuredMember } from './configured-member.ts';
import type { EtcdConfig } from './etcd-config.ts';
import { readEtcdConfig } from './read-etcd-config.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

interface Attempt {
  readonly pauseMs: number;
  readonly answerMs: number;
  readonly wholeMs: number;
}

/**
 * How the members are asked for where their cluster awaits ours: without them etcd does not start. Twice, so that a busy cluster gets its
 * time, and never for longer than a caller waits.
 */
const patient: readonly Attempt[] = [
  { pauseMs: 0, answerMs: 5_000, wholeMs: 10_000 },
  { pauseMs: 2_000, answerMs: 10_000, wholeMs: 30_000 },
];

/**
 * In all other cases: 5 s. The members that are asked may be waiting for ours to have a quorum, and a member that has its files needs no
 * answer.
 */
const brief: readonly Attempt[] = [
  { pauseMs: 0, answerMs: 1_500, wholeMs: 1_500 },
  { pauseMs: 2_000, answerMs: 1_500, wholeMs: 1_500 },
];

/** Members that have all refused within this time have refused at once, ms. */
const atOnceMs = 1_000;

/** What the configuration that etcd starts with is made of. */
export interface ServedConfigParts {
  /** Path of etcd's own configuration file. */
  readonly path: string;
  readonly podName: string | undefined;
  /** The cluster at the service endpoints. */
  readonly members: Pick<ClusterMembers, 'list'>;
  /** What this process has met of the cluster of our member. */
  readonly met: () => MetCluster;
}

/**
 * The configuration with which etcd starts our member, as YAML. The file is read anew for each call, and nothing is written. Takes
 * less than 45 s, and no more than 5 s unless a cluster awaits our member. Throws a {@link Failure} with what is wrong.
 */
export async function servedConfig(
  { path, podName, members, met }: ServedConfigParts,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<string> {
  const config = await presentConfig(path);
  const own = configuredMember(config, podName);
  const known = met();
  const attempts = known === 'awaits our member' ? patient : brief;
  const listed = own.initialCluster.size < 2 ? undefined : await listMembers({ members, attempts }, context);
  return configDocument(config, own, { members: listed, exists: known !== 'none' });
}

/** etcd's configuration, which has to be there. */
export async function presentConfig(path: string): Promise<EtcdConfig> {
  const config = await readEtcdConfig(path);
  if (config === undefined) {
    throw wrongEtcdConfig({ path, found: 'it does not exist' });
  }
  return config;
}

async function listMembers(
  { members, attempts }: { readonly members: Pick<ClusterMembers, 'list'>; readonly attempts: readonly Attempt[] },
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<readonly ClusterMember[] | undefined> {
  let failure: Failure | undefined;
  for (const { pauseMs, answerMs, wholeMs } of attempts) {
    if (pauseMs > 0) {
      await clock.sleep(pauseMs, signal);
    }
    using deadline = deadlineIn(wholeMs, { signal, clock });
    const begunAt = clock.monotonic();
    try {
      return await deadline.bound(members.list({ signal: deadline.signal, timeoutMs: answerMs }));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure || deadline.isOver)) {
        throw error;
      }
      failure = error instanceof Failure ? error : undefined;
    }
    // Nothing listens anywhere, as when all begin at the same time. What is busy, or cut off, lets a caller wait.
    if (attempts === brief && failure?.code === 'etcd_unreachable' && clock.monotonic() - begunAt < atOnceMs) {
      break;
    }
  }
  log.info(
    `The members of the cluster are not known${failure === undefined ? '' : ` (${failure.message})`}; initial-cluster is served as it is`,
  );
  return undefined;
}
