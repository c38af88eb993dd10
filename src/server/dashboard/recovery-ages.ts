/**
 * The greatest age of the newest snapshot in each of `buckets` equal parts of the time before `now`; null before the first one. Seconds.
 */
export function recoveryAges(
  created: readonly number[],
  { now, seconds, buckets }: { readonly now: number; readonly seconds: number; readonly buckets: number },
): readonly (number | null)[] {
  const ordered = created.filter((at) => at <= now).sort((a, b) => a - b);
  const width = seconds / buckets;
  const ages: (number | null)[] = [];
  let next = 0;
  let newest: number | undefined;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const begin = now - seconds + bucket * width;
    const end = begin + width;
    let most: number | null = null;
    for (let at = ordered[next]; at !== undefined && at <= end; at = ordered[++next]) {
      if (newest !== undefined && at > begin) {
        most = Math.max(most ?? 0, at - newest);
      }
      newest = at;
    }
    ages.push(newest === undefined ? null : Math.max(most ?? 0, end - newest));
  }
  return ages;
}
