import { after, before, describe } from 'node:test';
import { stopCoverage } from 'node:v8';
import { backupCases } from './cases/backup-cases.ts';
import { BucketRig, type BucketSubject } from './cases/bucket-rig.ts';
import { cancellationCases } from './cases/cancellation-cases.ts';
import { listingCases } from './cases/listing-cases.ts';
import { retryCases } from './cases/retry-cases.ts';
import { roundTripCases } from './cases/round-trip-cases.ts';
import { uploadCases } from './cases/upload-cases.ts';

export type { BucketSubject, OpenedSubject } from './cases/bucket-rig.ts';

// These suites move so many bytes that counting what runs doubles their time; the coverage is that of the other tests.
stopCoverage();

/** Every duty of the {@link Bucket} contract as a test, the same for every adapter and decorator. */
export function bucketSuite(subject: BucketSubject): void {
  describe(`bucket: ${subject.name}`, () => {
    const rig = new BucketRig(subject);
    before(() => rig.open());
    after(() => rig.close());
    roundTripCases(rig);
    uploadCases(rig);
    listingCases(rig);
    cancellationCases(rig);
    retryCases(rig);
    backupCases(rig);
  });
}
