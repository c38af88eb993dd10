import type { RestoreRequest } from '../../src/ops/restorer.ts';
import { goldenObjects } from './golden-store.ts';
import { memorySnapStore } from './memory-snapstore.ts';
import type { TempDir } from './temp-dir.ts';

/** A request to restore a single member into `data` below `dir`; by default from the golden backup `etcd-3.5/gzip`. */
export function restoreRequest(dir: TempDir, changes: Partial<RestoreRequest> = {}): RestoreRequest {
  return {
    store: memorySnapStore(goldenObjects('etcd-3.5/gzip')),
    dataDir: dir.join('data'),
    member: {
      name: 'default',
      initialCluster: 'default=http://127.0.0.1:2380',
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: ['http://127.0.0.1:2380'],
    },
    skipHashCheck: false,
    maxFetchers: 6,
    tempDir: dir.join('temp'),
    quotaBytes: 8 * 1024 ** 3,
    ...changes,
  };
}
