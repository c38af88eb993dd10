import { commandSpec } from '../command-spec.ts';
import { loggingOptions, reportOptions } from '../options/logging.ts';
import { pruneOptions, retentionRules } from '../options/snapshotter.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl prune`. */
export const pruneSpec = commandSpec({
  name: 'prune',
  summary: 'delete backups that are no longer wanted, or show which they are',
  description:
    'Collects garbage once, by the rules that a running snapshotter follows: shows for each object in the store whether ' +
    'it stays, and why. Nothing is deleted without --yes. The newest chain always stays whole.',
  examples: [
    {
      does: 'What would be deleted:',
      command: 'etcdbrctl prune --storage-provider Local --store-container /backup',
    },
    {
      does: 'Keep the newest three fulls and delete the rest:',
      command:
        'etcdbrctl prune --yes --garbage-collection-policy LimitBased --max-backups 3 --storage-provider S3 ' +
        '--store-container etcd-backup',
    },
  ],
  groups: {
    prune: pruneOptions,
    retention: retentionRules,
    store: storeOptions,
    output: reportOptions,
    logging: loggingOptions,
  },
});
