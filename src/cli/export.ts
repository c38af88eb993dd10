import { identityOptions } from '../config/options/encryption.ts';
import { exportOptions } from '../config/options/export.ts';
import { manifestOptions } from '../config/options/kubernetes.ts';
import { loggingOptions } from '../config/options/logging.ts';
import { lookupOptions } from '../config/options/lookup.ts';
import { walOptions } from '../config/options/restoration.ts';
import { storeOptions } from '../config/options/store.ts';
import type { KnownState } from '../operations/lookup/state.ts';
import { Failure } from '../runtime/failure.ts';
import { countText } from '../runtime/log/amount.ts';
import { command } from './command.ts';
import { keyPrefixes, wantedPrefixes } from './key-operand.ts';

/** `etcdbrctl export`. */
export const exportCommand = command({
  name: 'export',
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
      does: 'Manifests of a namespace of Kubernetes, for kubectl apply:',
      command: 'etcdbrctl export --kubernetes -n shop --to shop.yaml --store-container /backup',
    },
    {
      does: 'Files to look at and to change:',
      command: 'etcdbrctl export --to-dir ns --store-container /backup /registry/configmaps/shop/',
    },
  ],
  operand: {
    placeholder: 'PREFIX...',
    completes: 'none',
    help: 'What the keys begin with; a key that begins with several is written once. May be left out with --namespace.',
    count: { least: 0, most: 1_000 },
  },
  groups: {
    export: exportOptions,
    objects: manifestOptions,
    lookup: lookupOptions,
    store: storeOptions,
    identity: identityOptions,
    wal: walOptions,
    logging: loggingOptions,
  },
  async run({ config, operands, context, print }) {
    const prefixes = keyPrefixes(operands, { ...config.lookup, ...config.objects, command: 'export' });
    const { withNamedState } = await import('./with-named-state.ts');
    const { StateKeys } = await import('../operations/export/state-keys.ts');
    const { writeExport } = await import('../operations/export/write-export.ts');
    const { namespaceFilter } = await import('./namespace-filter.ts');
    const { LinePrinter } = await import('./output/line-printer.ts');
    const { to, toDir } = config.export;
    const { kubernetes, raw, namespace } = config.objects;
    const wanted = wantedPrefixes(prefixes);
    await withNamedState({ ...config, wanted, content: 'keys and leases' }, context, async (state) => {
      const source = await StateKeys.read(state, { prefixes, wants: namespaceFilter(namespace) }, context);
      if (await source.isEmpty()) {
        throw nothingExported(state);
      }
      const { revision, location, snapshots, clusterId, memberIds } = state;
      const path = to ?? toDir ?? '';
      const inFiles = { kind: toDir === undefined ? 'file' : 'directory', path } as const;
      const printer = new LinePrinter(print);
      let count: number;
      if (kubernetes) {
        const { writeManifests } = await import('./write-manifests.ts');
        const target = path === '' ? ({ kind: 'stdout', print } as const) : inFiles;
        count = await writeManifests({ source, target, style: raw ? 'raw' : 'clean', location }, context);
      } else {
        const header = {
          revision,
          source: location,
          snapshots: snapshots.map(({ name }) => name),
          clusterId,
          memberIds,
        };
        const lines = { kind: 'lines', write: (line: string) => printer.add(line) } as const;
        count = await writeExport({ source, header, target: path === '' ? lines : inFiles }, context);
        await printer.end();
      }
      context.log.info(
        { revision, keys: count },
        `Exported ${countText(count, 'key')} of revision ${revision}${path === '' ? '' : ` to ${path}`}`,
      );
    });
  },
});

/** A prefix without keys is mistyped more often than all of its keys were deleted, and a scheduled export has to fail then. */
function nothingExported({ location, revision }: KnownState): Failure {
  return new Failure({
    code: 'no_such_key',
    action: 'export keys of',
    object: location,
    found: `none of the wanted keys is there at revision ${revision}`,
    remedy: 'see etcdbrctl ls for the keys that are there, and etcdbrctl history for what was deleted',
  });
}
