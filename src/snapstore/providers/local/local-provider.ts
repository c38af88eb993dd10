import { homedir } from 'node:os';
import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { LocalBucket } from './local-bucket.ts';
import { localDirectory } from './local-path.ts';

/** A directory of this machine as the registry knows it; there are no credentials. */
export function localProvider({ container, clock }: BucketPlace): BucketProvider {
  return {
    modifiedAt: () => Promise.resolve(0),
    open: () =>
      Promise.resolve({
        bucket: new LocalBucket({ directory: localDirectory(container, homedir()), clock }),
        modifiedAt: 0,
      }),
  };
}
