import type { SeriesFactory } from './series-factory.ts';

/** What a verification has shown. Times are in ms since the epoch. */
export interface VerificationNews {
  /** When it ended. */
  readonly at: number;
  /** Whether the newest state can be restored and nothing that was read is damaged. */
  readonly sound: boolean;
  /** The last revision that can be restored, and when that state was there; undefined where none can, or nothing was found out. */
  readonly provable: { readonly revision: number; readonly stateOf: number | undefined } | undefined;
}

/** Other news: no identity opens what is stored, so that nothing is known; or the sidecar of another member verifies from now on. */
export type UnverifiedNews = 'unopened' | 'left to another';

/** The series of the verification; returns the listener that feeds them. They are 0 until the first news. */
export function createVerificationSeries(series: SeriesFactory): (news: VerificationNews | UnverifiedNews) => void {
  const revision = series.gauge('last_provable_revision', 'The last revision that was restored for a proof.');
  const stateOf = series.gauge('last_provable_timestamp', 'When that state was there, s since 1970.');
  const success = series.gauge('verification_success', '1 when the last verification found nothing wrong.');
  const verifiedAt = series.gauge('last_verification_timestamp', 'When the backup was last verified, s since 1970.');
  const unopened = series.gauge(
    'verification_unopened',
    '1 while the backup is encrypted and no identity (--identity) opens it: nothing can be proved.',
  );
  return (news) => {
    if (news === 'unopened' || news === 'left to another') {
      unopened.set(news === 'unopened' ? 1 : 0);
      return;
    }
    const { at, sound, provable } = news;
    verifiedAt.set(at / 1_000);
    success.set(sound ? 1 : 0);
    if (sound) {
      unopened.set(0);
    }
    if (provable !== undefined) {
      revision.set(provable.revision);
      stateOf.set((provable.stateOf ?? 0) / 1_000);
    }
  };
}
