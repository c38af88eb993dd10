/** A part of an axis. */
export interface ViewWindow {
  readonly from: number;
  readonly to: number;
}

/** What can be done with it. */
export type Move = 'in' | 'out' | 'back' | 'on' | 'all';

/** The window after a move; it never leaves `whole` and never gets narrower than `least`. `at` is kept in place by a zoom. */
export function moved(
  current: ViewWindow,
  move: Move,
  { whole, least, at }: { readonly whole: ViewWindow; readonly least: number; readonly at?: number },
): ViewWindow {
  const width = current.to - current.from;
  const full = whole.to - whole.from;
  const middle = at ?? (current.from + current.to) / 2;
  switch (move) {
    case 'in':
    case 'out': {
      const wanted = move === 'in' ? width / 2 : width * 2;
      const next = Math.min(full, Math.max(Math.min(least, full), wanted));
      const share = width === 0 ? 0.5 : (middle - current.from) / width;
      return within({ from: middle - share * next, to: middle + (1 - share) * next }, whole);
    }
    case 'back':
    case 'on': {
      const step = (move === 'on' ? 1 : -1) * (width / 4);
      return within({ from: current.from + step, to: current.to + step }, whole);
    }
    case 'all':
      return whole;
    default:
      return move satisfies never;
  }
}

/** The window moved into `whole`. */
export function within({ from, to }: ViewWindow, whole: ViewWindow): ViewWindow {
  const width = Math.min(to - from, whole.to - whole.from);
  const begin = Math.min(Math.max(from, whole.from), whole.to - width);
  return { from: begin, to: begin + width };
}

/** Round places on an axis, about `most` of them. */
export function ticks({ from, to }: ViewWindow, most: number, steps: readonly number[]): readonly number[] {
  const wanted = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  const known = steps.find((step) => step >= wanted);
  const step = known ?? [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= wanted) ?? power * 10;
  const places: number[] = [];
  for (let place = Math.ceil(from / step) * step; place <= to && places.length < 50; place += step) {
    places.push(place);
  }
  return places;
}
