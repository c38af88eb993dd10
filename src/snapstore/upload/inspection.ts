import type { PartDigests } from './part-digests.ts';

/** A part that was checked. */
export interface InspectedPart {
  /** The same bytes, perhaps at another place in memory. */
  readonly bytes: Uint8Array;
  /** The digests that the bucket's traits name. */
  readonly digests: PartDigests;
}

/** Checks a body while it is uploaded, part by part, and decides whether it may become visible. */
export interface Inspection {
  /**
   * Checks the next part, in order; the memory of `bytes` belongs to the inspection until this resolves.
   * Does not reject for damage: that is for the verdict. Rejects when it cannot work at all; then the memory is lost.
   */
  inspect(bytes: Uint8Array): Promise<InspectedPart>;
  /** Called after the last part: rejects when the object is damaged and must not be stored. */
  verdict(): Promise<void>;
}
