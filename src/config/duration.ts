/** Nanoseconds in each unit of Go's time.ParseDuration. */
const unitNs: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const part = /(\d*)\.?(\d*)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;
const whole = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;

/** Go counts nanoseconds in an int64; a longer duration does not exist there. */
const longestNs = 2n ** 63n - 1n;

/**
 * Reads a duration as Go's time.ParseDuration does: `1m30s`, `1.5h`, `500ms`, `0`.
 * Returns milliseconds, with a fraction down to nanoseconds; undefined when the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) {
    return 0;
  }
  if (!whole.test(text)) {
    return undefined;
  }
  let ns = 0n;
  for (const [, digits = '', decimals = '', unit = ''] of text.matchAll(part)) {
    const size = unitNs.get(unit) ?? 0n;
    ns += BigInt(digits || '0') * size + (BigInt(decimals || '0') * size) / 10n ** BigInt(decimals.length);
  }
  if (ns > longestNs) {
    return undefined;
  }
  const ms = Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6;
  return text.startsWith('-') && ms !== 0 ? -ms : ms;
}

/** What is wrong with a text that {@link parseDuration} does not take. */
export function wrongDuration(text: string): string {
  return /^[-+]?[\d.]+$/.test(text)
    ? 'its unit is missing'
    : whole.test(text)
      ? 'it is longer than 292 years'
      : 'it is not a duration';
}

/** Writes milliseconds as Go prints a duration: `1h0m0s`, `1m30s`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const size = Math.abs(ms);
  if (size < 1_000) {
    return size === 0 ? '0s' : size < 1 ? `${sign}${trimmed(size * 1_000)}\u00b5s` : `${sign}${trimmed(size)}ms`;
  }
  const hours = Math.floor(size / 3_600_000);
  const minutes = Math.floor((size % 3_600_000) / 60_000);
  const seconds = `${trimmed((size % 60_000) / 1_000)}s`;
  if (hours > 0) {
    return `${sign}${hours}h${minutes}m${seconds}`;
  }
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(9)));
}
