import { commandSpec } from '../command-spec.ts';
import { loggingOptions, reportOptions } from '../options/logging.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl check-store`. */
export const checkStoreSpec = commandSpec({
  name: 'check-store',
  summary: 'try a store before the first backup depends on it',
  description:
    'Writes, lists, reads and deletes a small object below the prefix, and reports how long each took, how far the ' +
    "store's clock is from this machine's, and whether objects are kept in versions or locked. Fails when one of them fails.",
  examples: [
    {
      does: 'A bucket with credentials in a directory:',
      command:
        'AWS_APPLICATION_CREDENTIALS=/var/aws etcdbrctl check-store --storage-provider S3 --store-container etcd-backup',
    },
    {
      does: 'For a script:',
      command: 'etcdbrctl check-store --storage-provider Local --store-container /backup -o json',
    },
  ],
  groups: { store: storeOptions, output: reportOptions, logging: loggingOptions },
});
