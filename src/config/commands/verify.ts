import { commandSpec } from '../command-spec.ts';
import { loggingOptions, reportOptions } from '../options/logging.ts';
import { storeOptions } from '../options/store.ts';
import { verifyOptions } from '../options/verify.ts';

/** `etcdbrctl verify`. */
export const verifySpec = commandSpec({
  name: 'verify',
  summary: 'prove that the backups in a store can be restored',
  description:
    'Reads the objects of a store, tells what is missing or damaged, and names the last revision that provably can be ' +
    'restored. Nothing in the store is changed. Exit code 0 means that nothing is wrong with what was looked at, and ' +
    'that the newest state can be restored.',
  examples: [
    {
      does: 'Check every object, page and event:',
      command: 'etcdbrctl verify --storage-provider Local --store-container /backup',
    },
    {
      does: 'Once a day, in a large store: the newest chain restored, and 20 other objects:',
      command: 'etcdbrctl verify --level restore --sample 20 --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: { verify: verifyOptions, store: storeOptions, output: reportOptions, logging: loggingOptions },
});
