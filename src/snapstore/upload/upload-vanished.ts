import { StoreError } from '../store-error.ts';

/**
 * The store does not know an upload any more that was begun and not ended: a rule of the bucket, an administrator or a restart
 * of the store removed it. The object can be sent again, with a new upload.
 */
export class UploadVanished extends StoreError {
  constructor({
    action,
    object,
    found = 'the store does not know the upload any more',
    cause,
  }: {
    readonly action: string;
    readonly object: string;
    readonly found?: string;
    readonly cause: unknown;
  }) {
    super('transient', {
      action,
      object,
      found,
      remedy: 'look for a rule of the bucket that removes unfinished uploads, and give it more time',
      cause,
    });
  }
}
