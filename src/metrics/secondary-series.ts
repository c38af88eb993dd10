import { outcomes, type SeriesFactory, succeeded } from './series-factory.ts';

/** News of the second copy of a backup. Times are in ms since the epoch. */
export type SecondarySyncNews =
  | { readonly type: 'synced'; readonly upTo: number; readonly copied: number }
  | { readonly type: 'sync failed' };

/**
 * The series of the second copy; returns the listener that feeds them. Its age grows from the first pass on. `now` gives ms since
 * the epoch.
 */
export function createSecondarySeries(
  series: SeriesFactory,
  { now }: { readonly now: () => number },
): (event: SecondarySyncNews) => void {
  let upTo: number | undefined;
  let since: number | undefined;
  series.computedGauge(
    'secondary_sync_lag_seconds',
    'Age of the state of the primary store that the secondary store holds; 0 without a secondary store.',
    () => {
      const from = upTo ?? since;
      return from === undefined ? 0 : Math.max(0, now() - from) / 1_000;
    },
  );
  const passes = series.counter(
    'secondary_sync_total',
    'Passes that bring the secondary store up to date.',
    'succeeded',
  );
  const copied = series.counter('secondary_copied_total', 'Snapshots copied to the secondary store.');
  for (const outcome of outcomes) {
    passes.inc({ succeeded: succeeded[outcome] }, 0);
  }
  return (event) => {
    since ??= now();
    passes.inc({ succeeded: String(event.type === 'synced') });
    if (event.type === 'synced') {
      upTo = event.upTo;
      copied.inc(event.copied);
    }
  };
}
