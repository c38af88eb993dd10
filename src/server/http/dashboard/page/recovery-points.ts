import type { DashboardStore } from '../../../dashboard/dashboard-document.ts';

/** The ages as of the listing, and how the newest one has grown since then, also where the store cannot be listed any more. */
export function recoveryPoints(
  { recovery }: Pick<DashboardStore, 'recovery'>,
  now: number,
): readonly (readonly [at: number, age: number | null])[] {
  const { reach, ages, endsAt, seconds } = recovery;
  const width = seconds / Math.max(1, ages.length);
  const points = ages.map((age, at) => [(endsAt - (ages.length - at - 1) * width) * 1_000, age] as const);
  const present = reach === null ? null : Math.max(0, now / 1_000 - reach.at);
  return [...points, [now, present] as const].filter(([at]) => at >= now - seconds * 1_000);
}
