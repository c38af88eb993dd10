import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeTempDir } from '../../scripts/lab/temp-dir.ts';
import { LocalBucket } from '../../src/snapstore/providers/local/local-bucket.ts';
import { jumpingClock } from '../support/clock/jumping-clock.ts';
import { bucketSuite } from './bucket.suite.ts';

bucketSuite({
  name: 'Local',
  open() {
    const directory = makeTempDir();
    const bucket = new LocalBucket({ directory: directory.join('backups'), clock: jumpingClock() });
    return Promise.resolve({
      bucket,
      release: () => Promise.resolve(directory[Symbol.dispose]()),
      async fill(keys) {
        for (const key of keys) {
          const path = directory.join('backups', key);
          await mkdir(dirname(path), { recursive: true });
          await writeFile(path, 'x');
        }
      },
    });
  },
});
