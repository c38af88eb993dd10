import { initializeSpec } from '../config/commands/initialize.ts';
import type { DataDirState, InitializeResult } from '../ops/initializer.ts';
import { command } from './command.ts';
import { noteEmbeddedEtcdOptions } from './embedded-etcd-note.ts';
import { restoreResult } from './restore.ts';
import { formatResult, type PrintableResult } from './result.ts';

/** `etcdbrctl initialize`. */
export const initializeCommand = command(initializeSpec, async ({ config, sources, pod, context, print }) => {
  noteEmbeddedEtcdOptions(sources, context.log);
  const { openStore } = await import('./open-store.ts');
  const { initialize } = await import('../ops/initializer.ts');
  // Without a provider there is nothing to restore from; the directory is still looked at.
  const store = config.store.provider === undefined ? undefined : await openStore(config.store, context);
  try {
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
    print(formatResult(initializeResult(result, config.restoration.dataDir), config.output.format));
  } finally {
    await store?.close();
  }
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
