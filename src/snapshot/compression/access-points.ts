/** Places within a member of gzip where its compressor begins anew: what follows can be expanded without what is before. */
export interface AccessPoints {
  /** How far they are apart, bytes of the contents: they are at the multiples of it before the end. */
  readonly distance: number;
  /** Bytes of the member from its beginning to the first, from that to the next, and so on. */
  readonly lengths: readonly number[];
}

/** How many access points a member with contents of `size` bytes has. */
export function accessPointCount(size: number, distance: number): number {
  return Math.max(0, Math.ceil(size / distance) - 1);
}
