import { label, shape } from './dom.ts';

const height = 120;
const left = 64;
const bottom = 20;

/** A curve of values by time. */
export interface Curve {
  /** For those who do not see it. */
  readonly summary: string;
  /** ms since the epoch and value; null leaves a hole. */
  readonly points: readonly (readonly [at: number, value: number | null])[];
  readonly show: (value: number) => string;
}

/** Draws a curve in place of what is in `box`; nothing where there is none, since an axis of zeros would say that there is. */
export function drawCurve(box: HTMLElement, { summary, points, show }: Curve): void {
  if (points.every(([, value]) => value === null)) {
    box.replaceChildren();
    return;
  }
  const width = Math.max(240, box.clientWidth);
  const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': summary });
  const from = points[0]?.[0] ?? 0;
  const to = points.at(-1)?.[0] ?? 1;
  const most = points.reduce((top, [, value]) => Math.max(top, value ?? 0), 0) || 1;
  const x = (at: number): number => left + ((at - from) / Math.max(1, to - from)) * (width - left - 8);
  const y = (value: number): number => 8 + (1 - value / most) * (height - bottom - 8);
  let path = '';
  for (const [at, value] of points) {
    path += value === null ? '' : `${path === '' ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  }
  svg.append(
    shape('line', { class: 'axis', x1: left, x2: width - 8, y1: height - bottom, y2: height - bottom }),
    label(left - 6, 16, show(most), 'end'),
    label(left - 6, height - bottom, show(0), 'end'),
    label(left, height - 4, clockText(from)),
    label(width - 8, height - 4, clockText(to), 'end'),
    shape('path', { class: 'curve', d: path }),
  );
  box.replaceChildren(svg);
}

function clockText(ms: number): string {
  return new Date(ms).toISOString().slice(5, 16).replace('T', ' ');
}
