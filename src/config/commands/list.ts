import { commandSpec } from '../command-spec.ts';
import { listOptions } from '../options/list.ts';
import { loggingOptions, reportOptions } from '../options/logging.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl list`. */
export const listSpec = commandSpec({
  name: 'list',
  summary: 'show the backups in a store, and which of them restore takes',
  description:
    'Lists the snapshots of a store as chains: a full snapshot and the deltas after it, with times, sizes and whatever ' +
    'is missing between them. Only names are read. The last chain is the one that restore takes.',
  examples: [
    { does: 'What is in a store:', command: 'etcdbrctl list --storage-provider Local --store-container /backup' },
    {
      does: 'The same for a script:',
      command: 'etcdbrctl list --storage-provider S3 --store-container etcd-backup -o json',
    },
  ],
  groups: { list: listOptions, store: storeOptions, output: reportOptions, logging: loggingOptions },
});
