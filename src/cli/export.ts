import { exportOptions } from '../config/options/export.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { lookupOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import { countText } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { keyBytes } from './key-operand.ts';

/** `etcdbrctl export`. */
export const exportCommand = command({
  name: 'export',
  summary: 'write the keys of a backup to a file, from which apply writes them to a cluster',
  description:
    'Writes the keys that begin with one of the prefixes, with their values, revisions and leases, as a backup holds them at its ' +
    'newest state or an older one: as lines of JSON that lose nothing, or as a directory with a file for each value. Secrets are in ' +
    'it as they are, so files are readable by their owner only.',
  examples: [
    {
      does: 'The configuration of a namespace, as it was yesterday:',
      command:
        'etcdbrctl export --time "24h ago" --to ns.jsonl --store-container /backup /registry/configmaps/shop/ /registry/secrets/shop/',
    },
    {
      does: 'The same as files to look at and to change:',
      command: 'etcdbrctl export --to-dir ns --store-container /backup /registry/configmaps/shop/',
    },
  ],
  operand: {
    placeholder: 'PREFIX...',
    completes: 'none',
    help: 'What the keys begin with; a key that begins with several is written once.',
    count: { least: 1, most: 1_000 },
  },
  groups: {
    export: exportOptions,
    lookup: lookupOptions,
    store: storeOptions,
    wal: walOptions,
    logging: loggingOptions,
  },
  async run({ config, operands, context, print }) {
    const prefixes = operands.map((operand) => keyBytes(operand, config.lookup));
    const { lookedUp } = await import('./looked-up.ts');
    const { withState } = await import('../operations/lookup/with-state.ts');
    const { StateKeys } = await import('../operations/export/state-keys.ts');
    const { writeExport } = await import('../operations/export/write-export.ts');
    const { LinePrinter } = await import('./output/line-printer.ts');
    const { to, toDir } = config.export;
    await using source = await lookedUp(config, context);
    await withState(source.request, context, async (state) => {
      const keys = await StateKeys.read(state, { prefixes }, context);
      const { revision, location, snapshots } = state;
      const header = { revision, source: location, snapshots: snapshots.map(({ name }) => name) };
      const printer = new LinePrinter(print);
      const target =
        to !== undefined
          ? ({ kind: 'file', path: to } as const)
          : toDir !== undefined
            ? ({ kind: 'directory', path: toDir } as const)
            : ({ kind: 'lines', write: (line: string) => printer.add(line) } as const);
      const count = await writeExport({ source: keys, header, target }, context);
      await printer.end();
      const place = to ?? toDir;
      context.log.info(
        { revision, keys: count },
        `Exported ${countText(count, 'key')} of revision ${revision}${place === undefined ? '' : ` to ${place}`}`,
      );
    });
  },
});
