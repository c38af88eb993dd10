import type { BucketPlace, BucketProvider } from '../../bucket-provider.ts';
import { LocalBucket } from './local-bucket.ts';
import { localDirectory } from './local-path.ts';

/** A directory of this machine as the registry knows it; there are no credentials. */
export function localProvider({ container, environment, clock }: BucketPlace): BucketProvider {
  return {
    state: () => Promise.resolve(''),
    open: async () => ({
      bucket: new LocalBucket({ directory: localDirectory(container, environment), clock }),
      state: '',
    }),
  };
}
