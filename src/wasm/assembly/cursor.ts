/** Address of the next byte that is read. */
export let at: usize = 0;

/** Goes on reading at `address`. */
export function moveTo(address: usize): void {
  at = address;
}
