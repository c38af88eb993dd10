import { identityOptions } from '../config/options/encryption.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { lookupOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';
import { keyBytes } from './key-operand.ts';

/** `etcdbrctl history`. */
export const historyCommand = command({
  name: 'history',
  description:
    'Shows the changes of a key that a chain of backups still has, oldest first: when each was seen, its revision, size and lease, ' +
    'and deletions. Times are recorded in deltas; of what a full held already only the revision is known. What etcd had compacted ' +
    'when the full was taken is in no backup. JSON is one line a change.',
  examples: [
    {
      does: 'Who changed it, and when:',
      command: 'etcdbrctl history --store-container /backup /registry/configmaps/default/settings',
    },
  ],
  operand: { placeholder: 'KEY', completes: 'none', help: 'The whole key.' },
  groups: {
    lookup: lookupOptions,
    store: storeOptions,
    identity: identityOptions,
    wal: walOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, operand, context, print }) {
    const key = keyBytes(operand, config.lookup);
    const { withNamedState } = await import('./with-named-state.ts');
    const { keyHistory } = await import('../operations/lookup/key-history.ts');
    const { historyTable } = await import('./output/key-history.ts');
    const wanted = [{ kind: 'key', key }] as const;
    const history = await withNamedState({ ...config, wanted }, context, (state, source) =>
      keyHistory(key, { state, source }, context),
    );
    await print(historyTable(history, config.output.format));
  },
});
