import { type Revision, revision } from '../../src/revision.ts';
import type { PutEvent } from '../../src/snapshot/delta-event.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';

/** One line of revisions that the cluster went through; a cluster that is put back to an older state begins another one. */
export interface Line {
  readonly number: number;
  /** The line that this one continues, with how many of its events. */
  readonly before: { readonly line: Line; readonly count: number } | undefined;
  /** One for each revision above that of the golden database. */
  readonly events: PutEvent[];
  /** When each event was acknowledged, ms. */
  readonly acknowledgedAt: number[];
}

/** How far a store can be restored. */
export interface Restorable {
  readonly line: Line;
  readonly revision: number;
}

/** A line that continues another one, from the state at a revision on. */
export function lineAfter(line: Line, to: number, number: number): Line {
  const count = Math.max(0, to - goldenRevision);
  return {
    number,
    before: { line, count },
    events: line.events.slice(0, count),
    acknowledgedAt: line.acknowledgedAt.slice(0, count),
  };
}

/** The events of a line from one revision on, up to another. */
export function eventsOf(line: Line, from: number, to: number): readonly PutEvent[] {
  return line.events.slice(Math.max(0, from - goldenRevision - 1), Math.max(0, to - goldenRevision));
}

/** The revision up to which two lines are the same. */
export function sharedRevision(a: Line, b: Line): Revision {
  const reached = new Map<Line, number>();
  for (const [line, count] of throughAncestors(a)) {
    reached.set(line, count);
  }
  for (const [line, count] of throughAncestors(b)) {
    const other = reached.get(line);
    if (other !== undefined) {
      return revision(goldenRevision + Math.min(count, other));
    }
  }
  return revision(goldenRevision);
}

/** A line and those before it, each with how many of its events are in the first one. */
function* throughAncestors(line: Line): Generator<readonly [Line, number]> {
  let count = line.events.length;
  for (let each: Line | undefined = line; each !== undefined; each = each.before?.line) {
    yield [each, count];
    count = Math.min(count, each.before?.count ?? 0);
  }
}
