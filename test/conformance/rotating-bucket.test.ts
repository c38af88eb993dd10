import { systemClock } from '../../src/runtime/system-clock.ts';
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
      state: () => {
        now += 1;
        return Promise.resolve(String(now));
      },
      open: () => Promise.resolve({ bucket, state: String(now) }),
    };
    return {
      bucket: await RotatingBucket.open(provider, { log: new RecordedLog(), clock: systemClock }),
      release: () => Promise.resolve(),
      fill: bucket.fill,
    };
  },
});
