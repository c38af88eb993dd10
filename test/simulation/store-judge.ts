import { parseRelativeKey } from '../../src/snapshot/name.ts';
import { sharedRevision } from './lines.ts';
import type { ModelObject, StoreListener } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { electionMs } from './simulated-sidecar.ts';
import type { StoreContents } from './store-contents.ts';
import type { Violations } from './violations.ts';
import type { World } from './world.ts';
import type { Truth } from './written-objects.ts';

/** What a member said so long ago, ms, permits no deletion: one look may have been begun before the next one has ended. */
const mostStaleMs = electionMs.periodMs + 2 * electionMs.timeoutMs;
/** For so long a sidecar may not know that its member has lost the lead, ms: two looks and the call that was on its way. */
const mostBlindMs = 2 * (electionMs.periodMs + electionMs.timeoutMs);
/** What may still become visible of a sidecar whose member does not lead any more: an upload of each kind that was permitted before. */
const mostAfterLead = 3;

/** What an object held, and when it became visible, ms. */
interface SeenObject {
  readonly truth: Truth;
  readonly writer: SimulatedProcess;
  readonly at: number;
}

/** Judges each change of the store: who may write and delete, and what an object may hold. */
export class StoreJudge implements StoreListener {
  readonly #world: World;
  readonly #contents: StoreContents;
  readonly #violations: Violations;
  /** When the upload of each object was first begun, and when each full became visible, ms. */
  readonly #begunAt = new Map<string, number>();
  readonly #fulls: { readonly truth: Truth; readonly writer: SimulatedProcess; readonly at: number }[] = [];
  readonly #seen: SeenObject[] = [];
  /** Keys of deltas by their writers and what they hold. */
  readonly #deltas = new Map<string, string>();
  readonly #visibleAfterLead = new Map<SimulatedProcess, number>();

  constructor(world: World, parts: { readonly contents: StoreContents; readonly violations: Violations }) {
    this.#world = world;
    this.#contents = parts.contents;
    this.#violations = parts.violations;
  }

  beginning(key: string, writer: SimulatedProcess): void {
    this.#checkStillLeads(writer, `begins to upload ${key}`);
    if (!this.#begunAt.has(key)) {
      this.#begunAt.set(key, this.#world.time.now);
    }
  }

  publishing(key: string, writer: SimulatedProcess): void {
    const { time } = this.#world;
    const isSnapshot = parseRelativeKey(key.slice('etcd/'.length)).outcome === 'snapshot';
    // At a stop etcd often ends first: what it told before counts a while longer.
    if (isSnapshot && !writer.stop.signal.aborted && time.now - writer.ledAt > electionMs.timeoutMs) {
      this.#violations.add(
        `${writer.name} publishes ${key}, and its member said at ${writer.ledAt / 1_000} that it leads`,
      );
    }
  }

  visible(key: string, object: ModelObject, writer: SimulatedProcess): void {
    const { chronicle, objects, cluster } = this.#world;
    chronicle.tell('store', `${key} of ${writer.name}`);
    this.#contents.changed();
    const wrong = objects.examine(key, object, { lines: cluster.lines, writer });
    if (wrong !== undefined) {
      this.#violations.add(wrong);
    }
    this.#checkStale(key, writer);
    this.#checkCut(key, writer);
    this.#checkTwice(key, writer);
    this.#countWriters(key, writer);
  }

  askingToDelete(key: string, by: SimulatedProcess): void {
    const { time } = this.#world;
    if (time.now - by.ledAt > mostStaleMs) {
      this.#violations.add(`${by.name} deletes ${key}, and its member said at ${by.ledAt / 1_000} that it leads`);
    }
  }

  deleting(key: string, by: SimulatedProcess): void {
    const { chronicle } = this.#world;
    chronicle.tell('store', `${key} deleted by ${by.name}`);
    this.#checkStillLeads(by, `deletes ${key}`);
    const before = this.#contents.plan;
    this.#contents.changed();
    if (before.outcome !== 'chain' || ![before.base, ...before.deltas].some((needed) => needed.key === key)) {
      return;
    }
    const after = this.#contents.planWithout(key);
    if (after.outcome !== 'chain' || after.lastRevision < before.lastRevision) {
      this.#violations.add(`garbage collection deletes ${key}, which the newest chain needs`);
    }
  }

  /** A try that seemed to fail may have arrived: the next one has the same name. */
  #checkTwice(key: string, writer: SimulatedProcess): void {
    const truth = this.#world.objects.truthOf(key);
    if (truth?.kind === 'Incr') {
      const range = `${writer.name} ${truth.line.number} ${truth.from} ${truth.to}`;
      const other = this.#deltas.get(range);
      if (other !== undefined && other !== key) {
        this.#violations.add(`${key} holds the same as ${other}, of the same sidecar`);
      }
      this.#deltas.set(range, key);
    }
  }

  /** A full holds at least what its writer knew to be stored of its history when etcd was asked for it: a member may lag. */
  #checkStale(key: string, writer: SimulatedProcess): void {
    const { objects, time } = this.#world;
    const truth = objects.truthOf(key);
    if (truth === undefined) {
      return;
    }
    const { snapshotter } = writer;
    if (truth.sentAt !== undefined && snapshotter !== undefined) {
      const { sentAt } = truth;
      const isKnown = (other: SeenObject): boolean =>
        other.at < sentAt && (other.writer === writer ? other.at >= snapshotter.at : other.at < snapshotter.at);
      const beyond = this.#seen.find(
        (other) =>
          other.truth.to > truth.to && isKnown(other) && sharedRevision(other.truth.line, truth.line) >= other.truth.to,
      );
      if (beyond !== undefined) {
        this.#violations.add(
          `${key} ends at revision ${truth.to}, and the backup has reached ${beyond.truth.to} before`,
        );
      }
    }
    this.#seen.push({ truth, writer, at: time.now });
  }

  /** A delta that is begun after a full of the same sidecar begins after what that holds: some readers would apply the rest twice. */
  #checkCut(key: string, writer: SimulatedProcess): void {
    const { objects, time } = this.#world;
    const truth = objects.truthOf(key);
    if (truth?.kind === 'Full') {
      this.#fulls.push({ truth, writer, at: time.now });
    } else if (truth !== undefined) {
      const across = this.#fulls.find(
        ({ truth: { line, to }, writer: other, at }) =>
          other === writer &&
          at < (this.#begunAt.get(key) ?? 0) &&
          truth.from <= to &&
          to < truth.to &&
          sharedRevision(line, truth.line) >= to,
      );
      if (across !== undefined) {
        this.#violations.add(`${key} reaches across the full of revision ${across.truth.to}, which was there before`);
      }
    }
  }

  /** Nothing new is begun by a sidecar that has had the time to see that its member does not lead. */
  #checkStillLeads(writer: SimulatedProcess, what: string): void {
    const { pods, time } = this.#world;
    const since = pods.find(({ process }) => process === writer)?.member.notLeadingSince;
    const lastSeen = Math.max(since ?? Number.POSITIVE_INFINITY, writer.resumedAt);
    if (!writer.stop.signal.aborted && time.now - lastSeen > mostBlindMs) {
      this.#violations.add(`${writer.name} ${what}, though its member does not lead since ${(since ?? 0) / 1_000}`);
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
      this.#violations.add(`${writer.name} goes on writing: ${key}, though its member does not lead`);
    }
  }
}
