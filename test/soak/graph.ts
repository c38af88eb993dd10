/** One moment of a soak. */
export interface PointInTime {
  /** Since the start, s. */
  readonly seconds: number;
  readonly trouble: string;
  /** Of the snapshotter, bytes: with and without the pages of its program file. */
  readonly rss: number;
  readonly own: number;
  /** Of the snapshotter: open file descriptors. */
  readonly handles: number;
  /** Of the snapshotter, ms since its start. */
  readonly cpuMs: number;
  /** Writes that etcd has acknowledged. */
  readonly writes: number;
  readonly revision: number;
  /** The last revision that the store's newest chain reaches. */
  readonly covered: number;
  /** Age of the oldest acknowledged write that is not in the store, ms. */
  readonly behindMs: number;
  readonly fulls: number;
  readonly deltas: number;
}

const columns: readonly { readonly title: string; readonly cell: (moment: PointInTime) => string }[] = [
  { title: 'time s', cell: ({ seconds }) => seconds.toFixed(0) },
  { title: 'store', cell: ({ trouble }) => trouble },
  { title: 'RSS MB', cell: ({ rss }) => (rss / 1e6).toFixed(1) },
  { title: 'own MB', cell: ({ own }) => (own / 1e6).toFixed(1) },
  { title: 'handles', cell: ({ handles }) => String(handles) },
  { title: 'CPU s', cell: ({ cpuMs }) => (cpuMs / 1_000).toFixed(1) },
  { title: 'writes', cell: ({ writes }) => String(writes) },
  { title: 'revision', cell: ({ revision }) => String(revision) },
  { title: 'in store', cell: ({ covered }) => String(covered) },
  { title: 'behind s', cell: ({ behindMs }) => (behindMs / 1_000).toFixed(1) },
  { title: 'fulls', cell: ({ fulls }) => String(fulls) },
  { title: 'deltas', cell: ({ deltas }) => String(deltas) },
];

const width = 12;

/** The names of the columns. */
export function graphHead(): string {
  return columns.map(({ title }) => title.padStart(width)).join(' ');
}

/** A moment as a line. */
export function graphLine(moment: PointInTime): string {
  return columns.map(({ cell }) => cell(moment).padStart(width)).join(' ');
}

/** Growth that is noise: of memory in parts of what there was and in bytes, and of handles. */
const noise = { part: 0.15, bytes: 10e6, handles: 8 };
/** The most memory that a snapshotter may take for itself, bytes. */
const mostMemory = 150e6;

/** What is wrong with the memory and handles of the snapshotter; empty when they stayed flat after the warm-up. */
export function growth(moments: readonly PointInTime[]): readonly string[] {
  const warm = moments.slice(Math.floor(moments.length / 4));
  const early = warm.slice(0, Math.ceil(warm.length / 3));
  const late = warm.slice(-Math.ceil(warm.length / 3));
  const wrong: string[] = [];
  const memory = { early: middle(early.map(({ own }) => own)), late: middle(late.map(({ own }) => own)) };
  if (memory.late > memory.early * (1 + noise.part) + noise.bytes) {
    wrong.push(`memory grew from ${megabytes(memory.early)} to ${megabytes(memory.late)}`);
  }
  const most = Math.max(...moments.map(({ own }) => own));
  if (most > mostMemory) {
    wrong.push(`memory reached ${megabytes(most)}`);
  }
  const handles = { early: middle(early.map((each) => each.handles)), late: middle(late.map((each) => each.handles)) };
  if (handles.late > handles.early + noise.handles) {
    wrong.push(`handles grew from ${handles.early} to ${handles.late}`);
  }
  return wrong;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
