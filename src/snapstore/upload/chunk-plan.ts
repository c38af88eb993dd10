import type { BucketTraits } from '../bucket.ts';

/** No store is sent smaller chunks than this, bytes (the least S3 takes). */
export const leastChunkSize = 5 * 1024 * 1024;

/**
 * The size of an upload's chunks, bytes: as small as is allowed, and as large as it must be for `sizeBound` bytes to fit
 * into the number of parts the store takes.
 */
export function planChunkSize(
  traits: BucketTraits,
  upload: {
    /** Upper bound of the object's size, bytes. */
    readonly sizeBound: number;
    /** What the user asks for at least, bytes. */
    readonly minChunkSize: number;
  },
): number {
  return Math.max(
    leastChunkSize,
    upload.minChunkSize,
    traits.minPartSize,
    Math.ceil(upload.sizeBound / traits.maxParts),
  );
}
