import type { ClusterMember, ClusterMembers } from '../../etcd/members.ts';
import { deadlineIn } from '../../runtime/async/deadline.ts';
import { Failure } from '../../runtime/failure.ts';
import type { RunContext } from '../../runtime/run-context.ts';
import { configDocument } from './config-document.ts';
import { configuredMember } from './configured-member.ts';
import type { EtcdConfig } from './etcd-config.ts';
import { readEtcdConfig } from './read-etcd-config.ts';
import { wrongEtcdConfig } from './wrong-etcd-config.ts';

/** How the members are asked for: twice, so that a busy cluster gets its time, and never for longer than a caller waits. */
const attempts: readonly { readonly pauseMs: number; readonly answerMs: number; readonly wholeMs: number }[] = [
  { pauseMs: 0, answerMs: 5_000, wholeMs: 10_000 },
  { pauseMs: 2_000, answerMs: 10_000, wholeMs: 30_000 },
];

/** What the configuration that etcd starts with is made of. */
export interface ServedConfigParts {
  /** Path of etcd's own configuration file. */
  readonly path: string;
  readonly podName: string | undefined;
  /** The cluster at the service endpoints. */
  readonly members: Pick<ClusterMembers, 'list'>;
  /** Whether our member was added to its cluster as a learner by this process. */
  readonly hasJoined: () => boolean;
}

/**
 * The configuration with which etcd starts our member, as YAML. The file is read anew for each call, and nothing is written. Takes
 * less than 45 s. Throws a {@link Failure} with what is wrong.
 */
export async function servedConfig(
  { path, podName, members, hasJoined }: ServedConfigParts,
  context: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<string> {
  const config = await presentConfig(path);
  const own = configuredMember(config, podName);
  const listed = own.initialCluster.size < 2 ? undefined : await listMembers(members, context);
  return configDocument(config, own, { members: listed, joined: hasJoined() });
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
  members: Pick<ClusterMembers, 'list'>,
  { signal, clock, log }: Pick<RunContext, 'signal' | 'clock' | 'log'>,
): Promise<readonly ClusterMember[] | undefined> {
  let failure: Failure | undefined;
  for (const { pauseMs, answerMs, wholeMs } of attempts) {
    if (pauseMs > 0) {
      await clock.sleep(pauseMs, signal);
    }
    using deadline = deadlineIn(wholeMs, { signal, clock });
    try {
      return await deadline.bound(members.list({ signal: deadline.signal, timeoutMs: answerMs }));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure || deadline.isOver)) {
        throw error;
      }
      failure = error instanceof Failure ? error : undefined;
    }
  }
  log.info(
    `The members of the cluster are not known${failure === undefined ? '' : ` (${failure.message})`}; initial-cluster is served as it is`,
  );
  return undefined;
}
