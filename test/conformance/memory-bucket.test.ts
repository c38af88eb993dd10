import { memoryBucket } from '../support/stores/memory-bucket.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'memory',
  open() {
    const bucket = memoryBucket();
    return Promise.resolve({ bucket, release: () => Promise.resolve(), fill: bucket.fill });
  },
});
