import type { PartDigests } from './part-digests.ts';

/** A part after it was looked at. */
export interface InspectedPart {
  /** As they were handed over, perhaps at another place in memory. */
  readonly bytes: Uint8Array;
  /** Those that the bucket's traits name. */
  readonly digests: PartDigests;
}

/** Looks at a body while it is uploaded, part by part, and decides whether it may become visible. */
export interface Inspection {
  /**
   * Takes the next part, in order; the memory below `bytes` belongs to the inspection until it gives it back.
   * Never finds fault: that is for the verdict. Rejects when it cannot work at all; the memory is lost then.
   */
  part(bytes: Uint8Array): Promise<InspectedPart>;
  /** Asked after the last part: rejects when the whole is not to be stored. */
  verdict(): Promise<void>;
}
