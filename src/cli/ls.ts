import { identityOptions } from '../config/options/encryption.ts';
import { objectListOptions } from '../config/options/kubernetes.ts';
import { loggingOptions, outputOptions } from '../config/options/logging.ts';
import { groupingOptions, lookupOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import { command } from './command.ts';
import { keyBytes } from './key-operand.ts';
import { wantedText } from './wanted-text.ts';

/** `etcdbrctl ls`. */
export const lsCommand = command({
  name: 'ls',
  description:
    'Lists the keys that begin with PREFIX as a backup holds them, at its newest state or an older one, from a store, a file or the ' +
    'data directory of a stopped etcd. With --depth they are grouped by the segments of their paths. JSON is one line a key or group.',
  examples: [
    {
      does: 'What a namespace held yesterday:',
      command: 'etcdbrctl ls --time "24h ago" --store-container /backup /registry/configmaps/default/',
    },
    {
      does: 'How many objects of each kind there are, and how large they are:',
      command: 'etcdbrctl ls --depth 1 --store-container /backup /registry/',
    },
    {
      does: 'The objects of a namespace of Kubernetes:',
      command: 'etcdbrctl ls --kubernetes -n shop --store-container /backup /registry/',
    },
  ],
  operand: {
    placeholder: 'PREFIX',
    completes: 'none',
    help: 'What the keys begin with; left out, all are listed.',
    count: { least: 0, most: 1 },
  },
  groups: {
    lookup: lookupOptions,
    grouping: groupingOptions,
    objects: objectListOptions,
    store: storeOptions,
    identity: identityOptions,
    wal: walOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
  async run({ config, operand, context, print }) {
    const prefix = keyBytes(operand, config.lookup);
    if (config.objects.kubernetes) {
      const { listObjects } = await import('./list-objects.ts');
      await listObjects({ prefix, config, print }, context);
      return;
    }
    const { withNamedState } = await import('./with-named-state.ts');
    const { listKeys, groupKeys } = await import('../operations/lookup/list-keys.ts');
    const { groupRows, keyRows } = await import('./output/keys.ts');
    const { LinePrinter } = await import('./output/line-printer.ts');
    const { format } = config.output;
    const { depth } = config.grouping;
    const wanted = [{ kind: 'prefix', prefix }] as const;
    await withNamedState({ ...config, wanted }, context, async (state) => {
      const found = await listKeys(state, { prefix }, context);
      let isEmpty = true;
      const keys = (function* () {
        for (const key of found) {
          isEmpty = false;
          yield key;
        }
      })();
      const printer = new LinePrinter(print);
      const rows = depth === undefined ? keyRows(keys, format) : groupRows(groupKeys(keys, { prefix, depth }), format);
      for (const row of rows) {
        await printer.add(row);
      }
      await printer.end();
      if (isEmpty) {
        context.log.warn(`No ${wantedText({ prefixes: [prefix] })} is there at revision ${state.revision}`);
      }
    });
  },
});
