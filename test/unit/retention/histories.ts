import { readdirSync, readFileSync } from 'node:fs';
import { projectRoot } from '../../../scripts/lab/project-root.ts';
import type { Retainable, RetentionPolicy, RetentionRequest } from '../../../src/retention/request.ts';
import { type Revision, revision } from '../../../src/revision.ts';
import { type DoubtMarker, type HistoryMarker, markerName } from '../../../src/snapshot/history/history-marker.ts';
import type { UnprovenContinuation } from '../../../src/snapshot/history/unproven-continuation.ts';
import { newSnapshot } from '../../../src/snapshot/name.ts';

const FOLDER = `${projectRoot}test/unit/retention/histories/`;
const DAY = 24 * 60 * 60 * 1000;

/** A written-out history: the snapshots of a store, and what retention must decide about each. */
export interface History {
  /** `file: title`. */
  readonly title: string;
  readonly request: RetentionRequest<Retainable>;
  /** `keep newest_chain`, by snapshot, in the order of the file. */
  readonly expected: ReadonlyMap<Retainable, string>;
}

/** All histories of the `.txt` files in `histories/`; their format is described in `histories/README.md`. */
export function histories(): readonly History[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => {
      const blocks = readFileSync(`${FOLDER}${name}`, 'utf8').split(/\n{2,}/);
      return blocks.filter((block) => block.trim() !== '').map((block) => parseHistory(name, block));
    });
}

function parseHistory(file: string, block: string): History {
  const lines = block.trim().split('\n');
  const title = lines[0]?.replace(/^# /, '') ?? '';
  let now = 0;
  let policy: RetentionPolicy = { kind: 'LimitBased', maxBackups: 7 };
  let deltaRetentionMs = 0;
  let pointInTimeWindowMs: number | undefined;
  let partsAreData = false;
  let clusterRevision: Revision | undefined;
  const proved = new Set<string>();
  const unproven: UnprovenContinuation[] = [];
  const marked: UnprovenContinuation[] = [];
  const unsound = new Set<string>();
  const marks: { readonly begunOn: number; readonly shared: Revision; readonly mayShare?: Revision }[] = [];
  const leftAt = new Map<Retainable, number>();
  const firstAt = new Map<number, string>();
  const expected = new Map<Retainable, string>();
  for (const line of lines.slice(1)) {
    const [word = '', ...rest] = line.split(/\s+/);
    switch (word) {
      case 'now':
        now = timeOf(rest.join(' '));
        break;
      case 'limit':
        policy = { kind: 'LimitBased', maxBackups: Number(rest[0]) };
        break;
      case 'exponential':
        policy = { kind: 'Exponential' };
        break;
      case 'delta-retention-days':
        deltaRetentionMs = Number(rest[0]) * DAY;
        break;
      case 'window-hours':
        pointInTimeWindowMs = (Number(rest[0]) * DAY) / 24;
        break;
      case 'cluster-at':
        clusterRevision = revision(Number(rest[0]));
        break;
      case 'marker':
        marks.push({
          begunOn: timeOf(`${rest[1]} ${rest[2]}`) / 1000,
          shared: revision(Number(rest[0])),
          ...(rest[3] === undefined ? {} : { mayShare: revision(Number(rest[3].replace('may=', ''))) }),
        });
        break;
      case 'unproven':
      case 'doubt': {
        const [after = 0, upTo = 0] = (rest[0] ?? '').split('-').map(Number);
        const takenOn = timeOf(`${rest[1]} ${rest[2]}`) / 1000;
        (word === 'doubt' ? marked : unproven).push({ after: revision(after), upTo: revision(upTo), takenOn });
        break;
      }
      case 'parts-are-data':
        partsAreData = true;
        break;
      case 'Full':
      case 'Incr': {
        const [description = '', verdict = ''] = line.split('=>').map((part) => part.trim());
        const snapshot = parseSnapshot(description);
        expected.set(snapshot, verdict);
        const left = /\bleft=(\d+)/.exec(description)?.[1];
        if (left !== undefined) {
          leftAt.set(snapshot, Number(left));
        }
        const first = /\bfirst=(\d+)/.exec(description)?.[1];
        if (first !== undefined) {
          firstAt.set(Number(first), snapshot.name);
        }
        if (/\bproved\b/.test(description)) {
          proved.add(snapshot.name);
        }
        if (/\bunsound\b/.test(description)) {
          unsound.add(snapshot.name);
        }
        break;
      }
      default:
        throw new Error(`${file}: "${title}" has a line that cannot be read: ${line}`);
    }
  }
  const listing = [...expected.keys()];
  const markers = marks.map((mark, at): HistoryMarker => {
    const left = listing.filter((snapshot) => leftAt.get(snapshot) === at + 1).map(({ name }) => name);
    return {
      ...mark,
      name: markerName(mark),
      why: 'rolled_back',
      first: firstAt.get(at + 1) ?? '',
      clusterId: '1',
      left,
    };
  });
  const doubts = marked.map(({ after: shared, upTo, takenOn: begunOn }): DoubtMarker => {
    const numbers = { begunOn, shared };
    const facts = { why: 'continuation_unproven', upTo, first: '', clusterId: '1', left: [] } as const;
    return { name: markerName(numbers), ...numbers, ...facts };
  });
  const evidence = { proved, unsound, clusterRevision, unproven };
  const rules = { policy, deltaRetentionMs, pointInTimeWindowMs, leftHistoryMs: 7 * DAY };
  return {
    title: `${file}: ${title}`,
    request: { listing, markers: [...markers, ...doubts], ...rules, evidence, now, partsAreData },
    expected,
  };
}

/** `Full 58 11-21 10:00 final`, `Incr 59-89 11-21 10:10 immutable=12-01 excluded v1 part=3`. */
function parseSnapshot(description: string): Retainable {
  const [kind, range = '', day = '', time = '', ...flags] = description.split(/\s+/);
  const [from = '', to = from] = range.split('-');
  const createdOn = timeOf(`${day} ${time}`) / 1000;
  const snapshot = newSnapshot({
    kind: kind === 'Full' ? 'Full' : 'Incr',
    startRevision: revision(kind === 'Full' ? 0 : Number(from)),
    lastRevision: revision(Number(to)),
    createdOn,
    compression: 'gzip',
    isFinal: flags.includes('final'),
  });
  const part = flags.find((flag) => flag.startsWith('part='))?.slice(5);
  const immutable = flags.find((flag) => flag.startsWith('immutable='))?.slice(10);
  const before = flags.find((flag) => flag.startsWith('before='))?.slice(7);
  const written = flags.find((flag) => flag.startsWith('written='))?.slice(8);
  const size = flags.find((flag) => flag.startsWith('size='))?.slice(5);
  return {
    ...snapshot,
    ...(flags.includes('v1') ? { layout: 'v1', directory: `Backup-${createdOn}` } : {}),
    ...(part === undefined ? {} : { chunk: Number(part) }),
    ...(immutable === undefined ? {} : { immutableUntil: timeOf(`${immutable} 00:00`) }),
    ...(before === undefined ? {} : { ahead: { before: timeOf(`${before} 00:00`) / 1000 } }),
    ...(written === undefined ? {} : { writtenAt: timeOf(written.replace('T', ' ')) }),
    ...(size === undefined ? {} : { size: Number(size) }),
    ...(flags.includes('excluded') ? { excluded: true } : {}),
  };
}

/** `11-21 10:00` of 2026, or `2025-11-21 10:00`, in UTC. */
function timeOf(text: string): number {
  const [day = '', time = ''] = text.split(' ');
  const date = day.length === 5 ? `2026-${day}` : day;
  return Date.parse(`${date}T${time}${time.length === 5 ? ':00' : ''}Z`);
}
