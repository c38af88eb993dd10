/** Stored bytes that a restore gets through in a second on a modest machine. */
const restoreBytesPerSecond = 25_000_000;

/** How long a restore of so many stored bytes may take, seconds. */
export function estimatedRestoreSeconds(storedBytes: number): number {
  return 1 + storedBytes / restoreBytesPerSecond;
}
