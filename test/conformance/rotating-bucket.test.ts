import { RotatingBucket } from '../../src/snapstore/decorators/rotating-bucket.ts';
import { RecordedLog } from '../support/context/recorded-log.ts';
import { memoryBucket } from '../support/stores/memory-bucket.ts';
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
