import type { PodEnvironment } from '../config/environment.ts';
import type { ValuesOf } from '../config/option.ts';
import { identityOptions } from '../config/options/encryption.ts';
import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import {
  embeddedEtcdOptions,
  memberOptions,
  restorationOptions,
  validationOptions,
  walOptions,
} from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import { UsageFailure } from '../config/usage-failure.ts';
import type { DataDirState, InitializeResult } from '../operations/initialize/initialize.ts';
import type { InitializeRequest } from '../operations/initialize/initialize-request.ts';
import type { RestoreResult } from '../operations/restore/restore.ts';
import { Failure } from '../runtime/failure.ts';
import type { SnapStore } from '../snapstore/snapstore.ts';
import { command } from './command.ts';
import { isMemberGiven } from './is-member-given.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import type { CommandContext } from './session.ts';

type IdentityValues = ValuesOf<(typeof identityOptions)['options']>;
type StoreOptions = ValuesOf<(typeof storeOptions)['options']>;

/** `etcdbrctl initialize`. */
export const initializeCommand = command({
  name: 'initialize',
  description:
    'Looks at the data directory of a stopped etcd member. A valid one is kept as it is; a missing, damaged or ' +
    'outdated one is replaced from the newest backup. When the store is empty, member/ is moved aside, so that a ' +
    'new member can start. What is replaced or moved aside is kept as member.invalid-TIME.',
  examples: [
    {
      does: 'Check everything, restore when needed:',
      command: 'etcdbrctl initialize --storage-provider Local --store-container /backup -d /var/etcd/data',
    },
    {
      does: 'The quick check, after a clean stop:',
      command:
        'etcdbrctl initialize --validation-mode sanity --storage-provider Local --store-container /backup -d /var/etcd/data',
    },
  ],
  groups: {
    validation: validationOptions,
    store: storeOptions,
    identity: identityOptions,
    restoration: restorationOptions,
    wal: walOptions,
    member: memberOptions,
    connection: etcdConnectionOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
  async run({ config, given, pod, context, print }) {
    const { initialize } = await import('../operations/initialize/initialize.ts');
    const configured = given.has('initial-cluster') ? undefined : await configuredMembers(pod);
    const member = await memberOf({ config, given, pod, context });
    await using store = await configuredStore({ options: config.store, identity: config.identity, given }, context);
    const result = await initialize(
      {
        store,
        member,
        connection: config.connection,
        ...config.restoration,
        ...config.wal,
        mode: config.validation.mode,
        configuredMembers: configured ?? 1,
        namespace: pod.namespace,
      },
      context,
    );
    await print(formatResult(await initializeResult(result, config.restoration.dataDir), config.output.format));
  },
});

/** How many members etcd's configuration file names; undefined when there is no such file. */
async function configuredMembers({ etcdConfigFile }: PodEnvironment): Promise<number | undefined> {
  const { readEtcdConfig } = await import('../server/etcd-config/read-etcd-config.ts');
  return (await readEtcdConfig(etcdConfigFile))?.members;
}

/**
 * The member that the flags name. Where they are not given and the pod has a name: the member in etcd's configuration, if that is clear.
 */
async function memberOf({
  config,
  given,
  pod,
  context,
}: {
  readonly config: { readonly member: InitializeRequest['member'] };
  readonly given: ReadonlySet<string>;
  readonly pod: PodEnvironment;
  readonly context: CommandContext;
}): Promise<InitializeRequest['member']> {
  const { member } = config;
  if (pod.name === undefined || isMemberGiven(given)) {
    return member;
  }
  const { resolvedMember } = await import('../server/member/resolved-member.ts');
  const sources = { etcdConfigFile: pod.etcdConfigFile, podName: pod.name, flags: member, flagsGiven: false };
  try {
    return (await resolvedMember(sources, context)).plan;
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    context.log.warn({ error }, error.message);
    return member;
  }
}

/** Without provider and container there is nothing to restore from; the directory is still looked at. */
async function configuredStore(
  {
    options,
    identity,
    given,
  }: { readonly options: StoreOptions; readonly identity: IdentityValues; readonly given: ReadonlySet<string> },
  context: CommandContext,
): Promise<SnapStore | undefined> {
  const { provider, container } = options;
  if (provider === undefined && container === undefined) {
    const [astray] = ['store-prefix', 'store-endpoint-override'].filter((flag) => given.has(flag));
    if (astray !== undefined) {
      throw new UsageFailure({
        action: 'use',
        object: `--${astray}`,
        found: '--storage-provider and --store-container are missing',
        remedy: 'give them as well',
      });
    }
    return undefined;
  }
  const { openReadStore } = await import('./open-store.ts');
  return await openReadStore(options, identity, context);
}

/** What was found in a data directory and what was done about it. */
export async function initializeResult(result: InitializeResult, dataDir: string): Promise<PrintableResult> {
  const restored = result.restored === undefined ? undefined : await restoredResult(result.restored);
  return {
    lines: [
      ['Data directory', dataDir],
      ['Found', describeState(result.found)],
      ['Action', result.action.replaceAll('_', ' ')],
      ['Kept aside', keptText(result)],
      ['Not compared', result.notCompared],
      ...(restored?.lines.slice(1) ?? []),
    ],
    json: {
      dataDir,
      found: result.found,
      action: result.action,
      ...(result.keptAside === undefined ? {} : { keptAside: result.keptAside }),
      ...(result.keptReaches === undefined ? {} : { keptReaches: result.keptReaches }),
      ...(result.notCompared === undefined ? {} : { notCompared: result.notCompared }),
      ...(restored === undefined ? {} : { restored: restored.json }),
    },
  };
}

async function restoredResult(restored: RestoreResult): Promise<PrintableResult> {
  const { restoreResult } = await import('./output/restore-result.ts');
  return restoreResult(restored);
}

function keptText({ keptAside, keptReaches }: InitializeResult): string | undefined {
  if (keptAside === undefined) {
    return undefined;
  }
  const more = keptReaches === undefined ? '' : `its db reaches revision ${keptReaches}, more than the backup; `;
  return `${keptAside} (${more}remove it once nothing of it is missed)`;
}

function describeState(found: DataDirState): string {
  switch (found.state) {
    case 'valid':
      return `valid at revision ${found.revision}`;
    case 'absent':
      return 'absent';
    case 'behind_store':
      return `behind the store: revision ${found.revision}, the store has ${found.storeRevision}`;
    case 'invalid_structure':
    case 'db_corrupt':
    case 'wal_corrupt':
    case 'wrong_volume':
    case 'locked':
      return `${found.state.replaceAll('_', ' ')}: ${found.reason}`;
    default:
      return found satisfies never;
  }
}
