/** Whether an operation failed only because it was asked to stop, which is `reason`; then the stop is what matters. */
export function isConsequenceOf(error: unknown, reason: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause === reason || cause.name === 'AbortError') {
      return true;
    }
  }
  return false;
}
