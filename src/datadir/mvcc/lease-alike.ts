/**
 * Whether the leases of two records of one change are no difference: the same, or only one of them has any. A restore drops those that were
 * granted after the full where it does not know their time to live, and goes on with the history all the same.
 */
export function isLeaseAlike(one: bigint, other: bigint): boolean {
  return one === other || one === 0n || other === 0n;
}
