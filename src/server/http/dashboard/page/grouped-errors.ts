import type { DashboardState } from '../../../dashboard/dashboard-document.ts';

type ErrorEntry = DashboardState['errors'][number];

/** The same error, once or again and again. */
export interface ErrorGroup {
  readonly newest: ErrorEntry;
  readonly oldest: ErrorEntry;
  readonly times: number;
}

/** The same error again and again is one line, so that it does not hide the one before it. */
export function groupedErrors(errors: readonly ErrorEntry[]): readonly ErrorGroup[] {
  const groups: ErrorGroup[] = [];
  for (const error of errors) {
    const last = groups.at(-1);
    if (last !== undefined && last.newest.code === error.code) {
      groups[groups.length - 1] = { ...last, oldest: error, times: last.times + 1 };
    } else {
      groups.push({ newest: error, oldest: error, times: 1 });
    }
  }
  return groups;
}
