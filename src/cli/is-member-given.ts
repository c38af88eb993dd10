/** Whether a flag, a variable or a file says who the restored member is. */
export function isMemberGiven(given: ReadonlySet<string>): boolean {
  return ['name', 'initial-cluster', 'initial-advertise-peer-urls'].some((flag) => given.has(flag));
}
