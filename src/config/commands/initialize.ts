import { commandSpec } from '../command-spec.ts';
import { etcdConnectionOptions } from '../options/etcd-connection.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions, validationOptions } from '../options/restoration.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl initialize`. */
export const initializeSpec = commandSpec({
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
});
