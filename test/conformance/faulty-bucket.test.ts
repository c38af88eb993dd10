import { faultyBucket } from '../support/stores/faulty-bucket.ts';
import { memoryBucket } from '../support/stores/memory-bucket.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'memory, in a wrapper that could fail',
  open() {
    const bucket = memoryBucket();
    return Promise.resolve({ bucket: faultyBucket(bucket), release: () => Promise.resolve(), fill: bucket.fill });
  },
});
