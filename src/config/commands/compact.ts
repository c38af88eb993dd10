import { commandSpec } from '../command-spec.ts';
import { compactionOptions } from '../options/compaction.ts';
import { snapshotLeaseOptions } from '../options/leases.ts';
import { loggingOptions, outputOptions } from '../options/logging.ts';
import { embeddedEtcdOptions, memberOptions, restorationOptions } from '../options/restoration.ts';
import { storeOptions } from '../options/store.ts';

/** `etcdbrctl compact`. */
export const compactSpec = commandSpec({
  name: 'compact',
  summary: 'turn the newest backup into one full snapshot, history compacted',
  description:
    'Reads the newest full snapshot and its deltas, and writes one new full snapshot at the same revision with the ' +
    'history before it compacted. Restores from it are faster.',
  examples: [
    {
      does: 'Compact the newest backup of a bucket:',
      command: 'etcdbrctl compact --storage-provider S3 --store-container etcd-backup',
    },
  ],
  groups: {
    store: storeOptions,
    compaction: compactionOptions,
    restoration: restorationOptions,
    member: memberOptions,
    leases: snapshotLeaseOptions,
    output: outputOptions,
    logging: loggingOptions,
    embeddedEtcd: embeddedEtcdOptions,
  },
});
