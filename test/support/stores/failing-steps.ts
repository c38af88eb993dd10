import { type CheckStep, checkStore, missingSteps } from '../../../src/operations/check-store/check-store.ts';
import { systemClock } from '../../../src/runtime/system-clock.ts';
import type { Bucket } from '../../../src/snapstore/bucket.ts';
import { quietLogger } from '../context/quiet-logger.ts';

/** What `check-store` says that a bucket does not allow. */
export async function failingSteps(bucket: Bucket): Promise<readonly CheckStep[]> {
  const upload = { parallel: 1, minChunkSize: 5 * 1024 * 1024, clock: systemClock, log: quietLogger };
  const { signal } = new AbortController();
  return missingSteps(await checkStore({ bucket, upload }, 'etcd', { signal, clock: systemClock }));
}
