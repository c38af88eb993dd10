const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes for people: `512 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < binaryUnits.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${binaryUnits[unit]}`;
}

/** Bytes for people and for scripts that look at the text: `714 bytes`, `1536 bytes (1.5 KiB)`. */
export function exactBytes(bytes: number): string {
  return bytes < 1_024 ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : `${bytes} bytes (${formatBytes(bytes)})`;
}

/** A count for people, with separators: `12,345`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A number and what is counted: `1 object`, `12 objects`. */
export function countText(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${Math.round(count) === 1 ? '' : 's'}`;
}

/** The same as the subject of a sentence: `1 object is`, `12 objects are`. */
export function countAre(count: number, noun: string): string {
  return `${countText(count, noun)} ${Math.round(count) === 1 ? 'is' : 'are'}`;
}

/** Seconds for people: `45s`, `3m20s`, `1h05m`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) {
    return `${whole}s`;
  }
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}m${String(whole % 60).padStart(2, '0')}s`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** A rough age for people in one unit: `45s`, `12m`, `30h`, `9d`. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) {
    return `${whole}s`;
  }
  if (whole < 2 * 3_600) {
    return `${Math.floor(whole / 60)}m`;
  }
  return whole < 2 * 86_400 ? `${Math.floor(whole / 3_600)}h` : `${Math.floor(whole / 86_400)}d`;
}
