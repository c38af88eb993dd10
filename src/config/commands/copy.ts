import { commandSpec } from '../command-spec.ts';
import { copyOptions } from '../options/copy.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { sourceStoreOptions, storeOptions } from '../options/store.ts';

/** `etcdbrctl copy`. */
export const copySpec = commandSpec({
  name: 'copy',
  summary: 'copy backups from one store to another',
  description:
    'Copies full and delta snapshots from the source store to the store. What the target already has is skipped; the ' +
    'hash inside each object is checked on the way, and a delta appears only after the full snapshot it builds on.',
  examples: [
    {
      does: 'Copy the backups of the last 15 days between two buckets:',
      command:
        'etcdbrctl copy --source-storage-provider S3 --source-store-container old --storage-provider GCS ' +
        '--store-container new --max-backup-age 15',
    },
  ],
  groups: {
    copy: copyOptions,
    source: sourceStoreOptions,
    store: storeOptions,
    output: outputOptions,
    logging: loggingOptions,
  },
});
