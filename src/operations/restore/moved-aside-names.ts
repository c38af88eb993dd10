import type { Clock } from '../../runtime/clock.ts';

/** Of everything that was moved aside within this time, the first, which may be the best one, and the last are kept. */
const SERIES_MS = 7 * 24 * 60 * 60 * 1_000;

/** The end of the name of what is moved aside now: `20261121T080000Z`. */
export function asideTime(clock: Pick<Clock, 'now'>): string {
  return new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
}

/**
 * Of the names `PREFIX` and a time of {@link asideTime} (with `-2` and so on for more in one second) those that need not be kept next
 * to a new one: all but the first of its series.
 */
export function outdatedAside(
  names: readonly string[],
  { prefix, clock }: { readonly prefix: string; readonly clock: Pick<Clock, 'now'> },
): readonly string[] {
  const kept = names.flatMap((name) => {
    const [, year, month, day, hour, minute, second, count = '1'] =
      (name.startsWith(prefix)
        ? /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-(\d+))?$/.exec(name.slice(prefix.length))
        : undefined) ?? [];
    const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    return Number.isNaN(at) ? [] : [{ name, at, count: Number(count) }];
  });
  const [first] = kept
    .filter(({ at }) => at > clock.now() - SERIES_MS)
    .toSorted((a, b) => a.at - b.at || a.count - b.count);
  return kept.map(({ name }) => name).filter((name) => name !== first?.name);
}
