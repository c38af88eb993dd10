import { DeltaDecoder } from '../../src/snapshot/delta/delta-decoder.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import { eventsOf, type Line, sharedRevision } from './lines.ts';
import type { ModelObject } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What an object truly holds. */
export interface Truth {
  readonly kind: 'Full' | 'Incr';
  readonly line: Line;
  readonly from: number;
  readonly to: number;
  /** When a full was sent to who has stored it, ms; undefined for deltas. */
  readonly sentAt?: number | undefined;
}

/** A database that was sent to a sidecar. */
interface SentDatabase {
  readonly line: Line;
  readonly revision: number;
  /** ms. */
  readonly at: number;
}

/** What every object that became visible truly holds, found out from its bytes. */
export class WrittenObjects {
  readonly #truths = new Map<string, Truth>();
  /** States of databases that were sent, by the SHA-256 at their end. */
  readonly #databases = new Map<string, SentDatabase>();

  /** Notes a database, with its hash, that was sent to a sidecar. */
  sent(database: Buffer, to: SimulatedProcess, state: SentDatabase): void {
    this.#databases.set(`${to.name} ${hashOf(database)}`, state);
  }

  /** What is in an object that was examined; undefined for one that is no snapshot. */
  truthOf(key: string): Truth | undefined {
    return this.#truths.get(key);
  }

  /** Looks into a new object. Returns what is wrong with it. */
  examine(
    key: string,
    { bytes }: ModelObject,
    { lines, writer }: { readonly lines: readonly Line[]; readonly writer: SimulatedProcess },
  ): string | undefined {
    const parsed = parseRelativeKey(key.slice('etcd/'.length));
    if (parsed.outcome !== 'snapshot') {
      return undefined;
    }
    const { kind, startRevision, lastRevision } = parsed.snapshot;
    const truth = kind === 'Full' ? this.#full(bytes, writer) : deltaTruth(bytes, lines);
    if (typeof truth === 'string') {
      return `${key} ${truth}`;
    }
    if (truth.to !== lastRevision || (kind === 'Incr' && truth.from !== startRevision)) {
      return `${key} holds revisions ${truth.from} to ${truth.to}`;
    }
    if (kind === 'Incr' && !this.#isContinuation(truth)) {
      return `${key} continues nothing`;
    }
    this.#truths.set(key, truth);
    return undefined;
  }

  #full(bytes: Buffer, writer: SimulatedProcess): Truth | string {
    const state = this.#databases.get(`${writer.name} ${hashOf(bytes)}`);
    return state === undefined
      ? 'is no database that was sent to who has stored it'
      : { kind: 'Full', line: state.line, from: 0, to: state.revision, sentAt: state.at };
  }

  /** Whether another object, that may be gone by now, reaches up to its beginning in the same history. */
  #isContinuation(delta: Truth): boolean {
    return [...this.#truths.values()].some(
      (other) => other.to >= delta.from - 1 && agree(other, delta, Math.min(other.to, delta.from - 1)),
    );
  }
}

/** Whether two objects hold the same up to a revision. */
function agree(a: Truth, b: Truth, revision: number): boolean {
  return sharedRevision(a.line, b.line) >= revision;
}

/** What no event has. */
const nothing = Buffer.alloc(0);

function hashOf(database: Buffer): string {
  return database.subarray(-32).toString('hex');
}

function deltaTruth(bytes: Buffer, lines: readonly Line[]): Truth | string {
  const decoder = new DeltaDecoder();
  const found: { readonly revision: number; readonly value: Uint8Array }[] = [];
  const take = (): void => {
    for (let row = decoder.next(); row !== undefined; row = decoder.next()) {
      found.push({ revision: row.modRevision, value: row.bytes.slice(row.valueStart, row.valueEnd) });
    }
  };
  decoder.feed(bytes);
  take();
  decoder.end();
  take();
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) {
    return 'is empty';
  }
  // The newest line first: where lines share what is in it, any of them is right.
  const line = lines.findLast(({ events }) =>
    found.every(
      ({ revision, value }) => Buffer.compare(events[revision - goldenRevision - 1]?.value ?? nothing, value) === 0,
    ),
  );
  if (line === undefined || eventsOf(line, first.revision, last.revision).length !== found.length) {
    return 'holds what never happened, or lacks a revision';
  }
  return { kind: 'Incr', line, from: first.revision, to: last.revision };
}
