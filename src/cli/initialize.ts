import { etcdConnectionOptions } from '../config/options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import {
  embeddedEtcdOptions,
  memberOptions,
  restorationOptions,
  validationOptions,
} from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import type { DataDirState, InitializeResult } from '../operations/initialize/initialize.ts';
import { command } from './command.ts';
import { formatResult, type PrintableResult } from './output/result.ts';
import { restoreResult } from './restore.ts';

/** `etcdbrctl initialize`. */
export const initializeCommand = command({
  name: 'initialize',
  summary: 'check a data directory before etcd starts, restore it when bad',
  description:
    'Looks at the data directory of a stopped etcd member. A valid one is kept as it is; a missing, damaged or ' +
    'outdated one is replaced from the newest backup. With an empty store a bad directory is removed, so that a ' +
    'new member can start.',
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
    restoration: restorationOptions,
    member: memberOptions,
    connection: etcdConnectionOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
  async run({ config, pod, context, print }) {
    const { openStore } = await import('./open-store.ts');
    const { initialize } = await import('../operations/initialize/initialize.ts');
    // Without a provider there is nothing to restore from; the directory is still looked at.
    await using store = config.store.provider === undefined ? undefined : await openStore(config.store, context);
    const result = await initialize(
      {
        store,
        member: config.member,
        ...config.restoration,
        mode: config.validation.mode,
        namespace: pod.namespace,
      },
      context,
    );
    await print(formatResult(initializeResult(result, config.restoration.dataDir), config.output.format));
  },
});

/** What was found in a data directory and what was done about it. */
export function initializeResult(result: InitializeResult, dataDir: string): PrintableResult {
  const restored = result.restored === undefined ? undefined : restoreResult(result.restored);
  return {
    lines: [
      ['Data directory', dataDir],
      ['Found', describeState(result.found)],
      ['Action', result.action],
      ...(restored?.lines.slice(1) ?? []),
    ],
    json: {
      dataDir,
      found: result.found,
      action: result.action,
      ...(restored === undefined ? {} : { restored: restored.json }),
    },
  };
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
