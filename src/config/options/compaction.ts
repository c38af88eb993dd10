import { optionGroup } from '../option.ts';
import { etcdConnectionOptions } from './etcd-connection.ts';

/** How a chain is turned into one full snapshot. */
export const compactionOptions = optionGroup({
  title: 'Compaction',
  options: {
    defragment: {
      flag: 'defragment',
      rare: true,
      type: 'bool',
      default: true,
      help: 'Leave no free pages in the compacted snapshot.',
    },
    snapshotTimeoutMs: {
      ...etcdConnectionOptions.options.snapshotTimeoutMs,
      default: '30m0s',
      help: 'How long writing the compacted snapshot may take.',
    },
    defragTimeoutMs: {
      ...etcdConnectionOptions.options.defragTimeoutMs,
      help: 'How long leaving out the free pages may take.',
    },
    metricsScrapeWaitMs: {
      flag: 'metrics-scrape-wait-duration',
      rare: true,
      type: 'duration',
      default: '0',
      help: 'How long to stay after the work, so that metrics can be scraped.',
    },
  },
});
