import { RotatingBucket } from '../../src/snapstore/rotating-bucket.ts';
import { memoryBucket } from '../support/memory-bucket.ts';
import { RecordedLog } from '../support/recorded-log.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'memory, with credentials that are rotated before every call',
  async open() {
    const bucket = memoryBucket();
    let now = 0;
    const provider = {
      modifiedAt: () => {
        now += 1;
        return Promise.resolve(now);
      },
      open: () => Promise.resolve({ bucket, modifiedAt: now }),
    };
    return {
      bucket: await RotatingBucket.open(provider, new RecordedLog()),
      release: () => Promise.resolve(),
      fill: bucket.fill,
    };
  },
});
