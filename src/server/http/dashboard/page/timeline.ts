import type { DashboardSnapshot, DashboardState, DashboardStore } from '../../../dashboard/dashboard-document.ts';
import { byId, label, shape } from './dom.ts';
import { bytes, count, counted, moment } from './format.ts';
import { type Move, moved, ticks, type ViewWindow, within } from './view-window.ts';

type Axis = 'time' | 'revision';

const height = 150;
const left = 56;
const right = 8;
/** Seconds between places of a time axis. */
const timeSteps = [
  1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
];
const moves: Readonly<Record<string, Move>> = {
  '+': 'in',
  '=': 'in',
  '-': 'out',
  ArrowLeft: 'back',
  ArrowRight: 'on',
  '0': 'all',
};

/** The chain over time or revisions, of which a part can be looked at. */
export class Timeline {
  readonly #box = byId<HTMLElement>('timeline');
  #store: Pick<DashboardStore, 'snapshots' | 'gaps'> = { snapshots: [], gaps: [] };
  #proofs: DashboardState['proofs'] = [];
  #axis: Axis = 'time';
  /** Undefined shows all, also what is added later. */
  #window: ViewWindow | undefined;

  constructor() {
    this.#box.addEventListener('keydown', (event) => {
      const move = moves[event.key];
      if (move !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        this.#move(move);
      }
    });
    this.#box.addEventListener('dblclick', (event) => this.#move('in', event));
    byId<HTMLSelectElement>('axis').addEventListener('change', (event) => {
      this.#axis = (event.target as HTMLSelectElement).value === 'revision' ? 'revision' : 'time';
      this.#window = undefined;
      this.draw();
    });
    for (const button of document.querySelectorAll<HTMLElement>('[data-zoom]')) {
      button.addEventListener('click', () => this.#choose(button.dataset['zoom'] ?? 'all'));
    }
    new ResizeObserver(() => this.draw()).observe(this.#box);
  }

  /** Takes what is to be shown from now on. */
  show(news: { readonly store?: DashboardStore; readonly proofs?: DashboardState['proofs'] }): void {
    this.#store = news.store ?? this.#store;
    this.#proofs = news.proofs ?? this.#proofs;
    this.draw();
  }

  /** Draws it anew. */
  draw(): void {
    const width = Math.max(240, this.#box.clientWidth);
    const view = this.#view();
    const x = (value: number): number => left + ((value - view.from) / (view.to - view.from)) * (width - left - right);
    const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': this.#summary() });
    svg.append(label(0, 34, 'Fulls'), label(0, 74, 'Deltas'), label(0, 106, 'Proofs'));
    const isEmpty = this.#store.snapshots.length === 0 && this.#proofs.length === 0;
    for (const place of isEmpty ? [] : ticks(view, width / 110, this.#axis === 'time' ? timeSteps : [])) {
      svg.append(
        shape('line', { class: 'axis', x1: x(place), x2: x(place), y1: 8, y2: height - 26 }),
        label(x(place), height - 8, this.#axis === 'time' ? shortTime(place, view) : count(place), 'middle'),
      );
    }
    const isSeen = (from: number, to: number): boolean => to >= view.from && from <= view.to;
    for (const gap of this.#store.gaps) {
      const [from, to] = this.#axis === 'revision' ? [gap.from, gap.to] : [secondsOf(gap.at), secondsOf(gap.at)];
      if (isSeen(from, to)) {
        const wide = Math.max(6, x(to) - x(from));
        svg.append(shape('rect', { class: 'bar-gap', x: x(from), y: 8, width: wide, height: 108 }, gapText(gap)));
      }
    }
    const taken = new Set<string>();
    for (const snapshot of this.#store.snapshots) {
      const to = this.#axis === 'time' ? snapshot.at : snapshot.to;
      const from = this.#axis === 'time' || snapshot.kind === 'Full' ? to : snapshot.from;
      const place = `${snapshot.kind}${Math.round(x(from))}`;
      // One in each column of the screen is enough for the eye.
      if (isSeen(from, to) && !taken.has(place)) {
        taken.add(place);
        svg.append(barOf(snapshot, x(from), x(to)));
      }
    }
    for (const proof of this.#proofs) {
      const at = this.#axis === 'time' ? secondsOf(proof.at) : (proof.revision ?? Number.NaN);
      if (isSeen(at, at)) {
        const isSound = proof.outcome === 'sound';
        const [begin, end] = [x(at) - 6, x(at) + 6];
        const title = `${proof.outcome}: ${moment(Date.parse(proof.at))}`;
        // A cross, not the colour alone.
        svg.append(
          isSound
            ? shape('circle', { class: 'proof-sound', cx: x(at), cy: 102, r: 6 }, title)
            : shape('path', { class: 'proof-other', d: `M${begin} 96L${end} 108M${begin} 108L${end} 96` }, title),
        );
      }
    }
    this.#box.replaceChildren(svg);
  }

  #whole(): ViewWindow {
    const { snapshots } = this.#store;
    const values = snapshots.flatMap(({ at, from, to }) => (this.#axis === 'time' ? [at] : [from, to]));
    const proofs = this.#axis === 'time' ? this.#proofs.map(({ at }) => secondsOf(at)) : [];
    const all = [...values, ...proofs];
    if (all.length === 0) {
      return { from: 0, to: 1 };
    }
    const from = all.reduce((a, b) => Math.min(a, b));
    const to = all.reduce((a, b) => Math.max(a, b));
    const margin = Math.max(1, (to - from) * 0.02);
    return { from: from - margin, to: to + margin };
  }

  #view(): ViewWindow {
    const whole = this.#whole();
    return this.#window === undefined ? whole : within(this.#window, whole);
  }

  #choose(name: string): void {
    const seconds = { hour: 3_600, day: 86_400 }[name];
    if (seconds === undefined || this.#axis === 'revision') {
      const move = (['in', 'out', 'back', 'on', 'all'] as const).find((each) => each === name);
      this.#move(move ?? 'in');
    } else {
      const { to } = this.#whole();
      this.#window = { from: to - seconds, to };
      this.draw();
    }
  }

  #move(move: Move, pointer?: MouseEvent): void {
    const view = this.#view();
    const box = this.#box.getBoundingClientRect();
    const share = pointer === undefined ? 0.5 : (pointer.clientX - box.left - left) / (box.width - left - right);
    const at = view.from + Math.min(1, Math.max(0, share)) * (view.to - view.from);
    this.#window = move === 'all' ? undefined : moved(view, move, { whole: this.#whole(), least: 10, at });
    this.draw();
  }

  #summary(): string {
    const { snapshots, gaps } = this.#store;
    const fulls = snapshots.filter(({ kind }) => kind === 'Full').length;
    const last = snapshots.at(-1);
    const end = last === undefined ? '' : `, the newest at ${moment(last.at * 1_000)} up to revision ${last.to}`;
    return `${counted(fulls, 'full')} and ${counted(snapshots.length - fulls, 'delta')}${end}; ${counted(gaps.length, 'gap')}; ${counted(this.#proofs.length, 'proof')}`;
  }
}

/** What a gap is, for those who read. */
export function gapText({ from, to }: DashboardStore['gaps'][number]): string {
  return `Revisions ${count(from)} to ${count(to)} are missing`;
}

function barOf({ kind, name, at, from, to, bytes: size }: DashboardSnapshot, x1: number, x2: number): SVGElement {
  const isFull = kind === 'Full';
  const title = `${name}: ${moment(at * 1_000)}, ${isFull ? 'up to' : `revisions ${count(from)} to`} ${count(to)}, ${bytes(size)}`;
  const width = Math.max(isFull ? 4 : 2, x2 - x1);
  const place = isFull ? { x: x1 - 2, y: 14, height: 32 } : { x: x1 - 1, y: 60, height: 20 };
  return shape('rect', { class: isFull ? 'bar-full' : 'bar-delta', width, ...place }, title);
}

function secondsOf(text: string | null): number {
  return text === null ? Number.NaN : Date.parse(text) / 1_000;
}

function shortTime(seconds: number, { from, to }: ViewWindow): string {
  const text = new Date(seconds * 1_000).toISOString();
  return to - from > 86_400
    ? text.slice(5, 16).replace('T', ' ')
    : to - from > 600
      ? text.slice(11, 16)
      : text.slice(11, 19);
}
