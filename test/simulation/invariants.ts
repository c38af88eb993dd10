import { type ChainPlan, newestChain } from '../../src/snapshot/chain.ts';
import { historiesOf } from '../../src/snapshot/history/histories.ts';
import { decodeMarker, type HistoryMarker, parseMarkerName } from '../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../src/snapstore/snapstore.ts';
import { type Line, sharedRevision } from './model-cluster.ts';
import type { ModelObject, StoreListener } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { deltaPeriodMs, electionMs } from './simulated-sidecar.ts';
import type { World } from './world.ts';

/** How far the store can be restored now. */
interface Restorable {
  readonly line: Line;
  readonly revision: number;
}

/** An acknowledged write is in the store at the latest so long after it, while nothing is wrong, ms. */
const recoveryPointMs = deltaPeriodMs + 20_000;
/** What may still become visible of a sidecar whose member does not lead any more: an upload of each kind that was permitted before. */
const mostAfterLead = 3;

/** What must be true of the cluster, its store and its sidecars, whatever happens. */
export class Invariants implements StoreListener {
  readonly #world: World;
  readonly #violations: string[] = [];
  /** The newest revision of the living line that could be restored. */
  #reached: Restorable | undefined;
  readonly #visibleAfterLead = new Map<SimulatedProcess, number>();

  constructor(world: World) {
    this.#world = world;
  }

  violated(what: string): void {
    this.#violations.push(what);
    this.#world.chronicle.tell('VIOLATION', what);
  }

  publishing(key: string, writer: SimulatedProcess): void {
    const { time } = this.#world;
    const isSnapshot = parseRelativeKey(key.slice('etcd/'.length)).outcome === 'snapshot';
    // At a stop etcd often ends first: what it told before counts a while longer.
    if (isSnapshot && !writer.stop.signal.aborted && time.now - writer.ledAt > electionMs.timeoutMs) {
      this.violated(`${writer.name} publishes ${key}, and its member said at ${writer.ledAt / 1_000} that it leads`);
    }
  }

  visible(key: string, object: ModelObject, writer: SimulatedProcess): void {
    const { chronicle, objects, cluster } = this.#world;
    chronicle.tell('store', `${key} of ${writer.name}`);
    const wrong = objects.examine(key, object, cluster.lines);
    if (wrong !== undefined) {
      this.violated(wrong);
    }
    this.#countWriters(key, writer);
  }

  deleting(key: string, by: SimulatedProcess): void {
    const { chronicle, store } = this.#world;
    chronicle.tell('store', `${key} deleted by ${by.name}`);
    const before = chainIn(store.objects);
    if (before.outcome !== 'chain' || ![before.base, ...before.deltas].some((needed) => needed.key === key)) {
      return;
    }
    const after = chainIn(new Map([...store.objects].filter(([other]) => other !== key)));
    if (after.outcome !== 'chain' || after.lastRevision < before.lastRevision) {
      this.violated(`garbage collection deletes ${key}, which the newest chain needs`);
    }
  }

  /** What must be true at any time. */
  check(): void {
    this.#throwViolations();
    this.#checkHealth();
    const { cluster } = this.#world;
    const before = this.#reached;
    const now = this.#restorable();
    if (typeof now === 'string') {
      if (before !== undefined && before.line === cluster.line) {
        this.violated(`the store reached revision ${before.revision}, and now ${now}`);
      }
    } else if (now !== undefined && now.line === cluster.line) {
      if (before !== undefined && before.line === now.line && now.revision < before.revision) {
        this.violated(`the store reached revision ${before.revision}, and now only ${now.revision}`);
      }
      this.#reached = now;
    }
    this.#throwViolations();
  }

  /** What must be true after all was well for a while. */
  checkCalm(): void {
    const { requests, time, pods, cluster } = this.#world;
    this.check();
    this.#checkRecoveryPoint(time.now - recoveryPointMs);
    for (const { what, answer, at } of requests) {
      if (answer === undefined) {
        this.violated(`the request for a ${what}, made at ${at / 1_000}, was never answered`);
      }
    }
    for (const { life, member, process } of pods) {
      if (life.healthy !== (member === cluster.leader)) {
        this.violated(
          `${process.name} says it is ${life.healthy ? 'healthy' : 'unwell'}, and ${cluster.leader?.name} leads`,
        );
      }
    }
    this.#throwViolations();
  }

  /** What must be true when a delta was asked for at this time, ms, and all was well. */
  checkRequested(askedAt: number): void {
    this.#checkRecoveryPoint(askedAt);
    if (this.#world.requests.some(({ answer }) => answer === undefined)) {
      this.violated('the request for a delta was not answered');
    }
    this.#throwViolations();
  }

  /** What must be true after all were asked to stop. */
  checkStopped(): void {
    for (const { isRunning, process } of this.#world.pods) {
      if (isRunning) {
        this.violated(`${process.name} has not ended`);
      }
    }
    this.#checkRecoveryPoint(Number.POSITIVE_INFINITY);
    this.#throwViolations();
  }

  #checkRecoveryPoint(before: number): void {
    const { cluster } = this.#world;
    const { line } = cluster;
    const now = this.#restorable();
    if (typeof now === 'string' || now === undefined) {
      this.violated(`nothing can be restored: ${now ?? 'the store is empty'}`);
      return;
    }
    const shared = Math.min(now.revision, sharedRevision(now.line, line));
    if (now.line !== line && sharedRevision(now.line, line) < now.revision) {
      this.violated(`the store is restored to what was undone: to ${now.revision} of line ${now.line.number}`);
    }
    const lost = line.events.findIndex(
      ({ modRevision }, at) => modRevision > shared && (line.acknowledgedAt[at] ?? 0) < before,
    );
    if (lost >= 0) {
      const event = line.events[lost];
      const at = (line.acknowledgedAt[lost] ?? 0) / 1_000;
      this.violated(
        `revision ${event?.modRevision}, acknowledged at ${at}, is not in the store, which reaches ${shared}`,
      );
    }
  }

  /** The state that a restore gives now, by its contents; a text when it would fail or mix histories. */
  #restorable(): Restorable | string | undefined {
    const { store, objects } = this.#world;
    if (store.objects.size === 0) {
      return undefined;
    }
    const plan = chainIn(store.objects);
    if (plan.outcome !== 'chain') {
      return plan.outcome === 'empty' ? 'there is no snapshot' : `revision ${plan.missing.from} is missing`;
    }
    const chain: readonly StoredSnapshot[] = [plan.base, ...plan.deltas];
    const truths = chain.map(({ key }) => objects.truthOf(key));
    const last = truths.at(-1);
    if (last === undefined) {
      return 'an object is not known';
    }
    const mixed = truths.find((truth) => truth === undefined || sharedRevision(truth.line, last.line) < truth.to);
    return mixed === undefined
      ? { line: this.#newestWith(last.line, last.to), revision: last.to }
      : `histories are mixed: ${mixed?.from} to ${mixed?.to} of line ${mixed?.line.number}`;
  }

  /** The living line, where it has the same up to there. */
  #newestWith(line: Line, revision: number): Line {
    const { cluster } = this.#world;
    return sharedRevision(line, cluster.line) >= revision ? cluster.line : line;
  }

  #checkHealth(): void {
    const { pods, time } = this.#world;
    for (const { life, member, process, isRunning } of pods) {
      const since = member.notLeadingSince;
      const isLate = since !== undefined && time.now - Math.max(since, process.resumedAt) > 12_000;
      if (isRunning && !process.isPaused && isLate && life.healthy) {
        this.violated(`${process.name} says it is healthy, and ${member.name} does not lead since ${since / 1_000}`);
      }
    }
  }

  #countWriters(key: string, writer: SimulatedProcess): void {
    const pod = this.#world.pods.find(({ process }) => process === writer);
    if (pod === undefined || pod.member.notLeadingSince === undefined) {
      this.#visibleAfterLead.delete(writer);
      return;
    }
    const count = (this.#visibleAfterLead.get(writer) ?? 0) + 1;
    this.#visibleAfterLead.set(writer, count);
    if (count > mostAfterLead) {
      this.violated(`${writer.name} goes on writing: ${key}, though its member does not lead`);
    }
  }

  #throwViolations(): void {
    if (this.#violations.length > 0) {
      throw new Error(this.#violations.join('\n'));
    }
  }
}

/** The newest chain of the living history among these objects. */
function chainIn(objects: ReadonlyMap<string, ModelObject>): ChainPlan<StoredSnapshot> {
  const snapshots: StoredSnapshot[] = [];
  const markers: HistoryMarker[] = [];
  for (const [key, { bytes }] of objects) {
    const parsed = parseRelativeKey(key.slice('etcd/'.length));
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (parsed.outcome === 'snapshot') {
      snapshots.push({ ...parsed.snapshot, key, size: bytes.length });
    } else if (parseMarkerName(name) !== undefined) {
      markers.push(decodeMarker(name, bytes));
    }
  }
  return newestChain(historiesOf(snapshots, markers).living.snapshots);
}
