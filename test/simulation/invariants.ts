import { type ChainPlan, newestChain } from '../../src/snapshot/chain.ts';
import { historiesOf } from '../../src/snapshot/history/histories.ts';
import { decodeMarker, type HistoryMarker, parseMarkerName } from '../../src/snapshot/history/history-marker.ts';
import { parseRelativeKey } from '../../src/snapshot/name.ts';
import type { StoredSnapshot } from '../../src/snapstore/snapstore.ts';
import { type Line, type Restorable, sharedRevision } from './lines.ts';
import { snapshotLeases } from './model-api-server.ts';
import type { ModelObject, StoreListener } from './model-store.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { deltaPeriodMs, electionMs, heartbeatMs } from './simulated-sidecar.ts';
import type { Judge, World } from './world.ts';
import type { Truth } from './written-objects.ts';

/** What can be found out of the objects in the store. */
interface WhatIsThere {
  /** Number of objects. */
  readonly count: number;
  readonly plan: ChainPlan<StoredSnapshot>;
  readonly restorable: Restorable | string | undefined;
}

/** An acknowledged write is in the store at the latest so long after it, while nothing is wrong, ms. */
const recoveryPointMs = deltaPeriodMs + 20_000;
/** For so long a sidecar may not know that its member has lost the lead, ms: two looks and the call that was on its way. */
const mostBlindMs = 2 * (electionMs.periodMs + electionMs.timeoutMs);
/** What may still become visible of a sidecar whose member does not lead any more: an upload of each kind that was permitted before. */
const mostAfterLead = 3;

/** What must be true of the cluster, its store and its sidecars, whatever happens. */
export class Invariants implements StoreListener, Judge {
  readonly #world: World;
  readonly #violations: string[] = [];
  /** The newest revision of the living line that could be restored. */
  #reached: Restorable | undefined;
  /** What is not right yet, while it may become right. */
  #attempt: string[] | undefined;
  /** When the upload of each object was first begun, and when each full became visible, ms. */
  readonly #begunAt = new Map<string, number>();
  readonly #fulls: { readonly truth: Truth; readonly writer: SimulatedProcess; readonly at: number }[] = [];
  /** Keys of deltas by their writers and what they hold. */
  readonly #deltas = new Map<string, string>();
  readonly #visibleAfterLead = new Map<SimulatedProcess, number>();
  /** What was found out of the objects that are there, until one comes or goes. */
  #found: WhatIsThere | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  violated(what: string): void {
    if (this.#attempt !== undefined) {
      this.#attempt.push(what);
      return;
    }
    this.#violations.push(what);
    this.#world.chronicle.tell('VIOLATION', what);
  }

  /** The state that a restore gives now, by its contents; a text when it would fail or mix histories, undefined with an empty store. */
  get restorable(): Restorable | string | undefined {
    return this.#whatIsThere.restorable;
  }

  /** A cluster of one begins with nothing, although it had something. */
  lostCluster(name: string): void {
    if (this.#reached !== undefined || typeof this.restorable === 'object') {
      this.violated(`the etcd of ${name} begins anew, with nothing, though the store holds a backup`);
    }
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
      this.violated(`${writer.name} publishes ${key}, and its member said at ${writer.ledAt / 1_000} that it leads`);
    }
  }

  visible(key: string, object: ModelObject, writer: SimulatedProcess): void {
    const { chronicle, objects, cluster } = this.#world;
    chronicle.tell('store', `${key} of ${writer.name}`);
    this.#found = undefined;
    const wrong = objects.examine(key, object, cluster.lines);
    if (wrong !== undefined) {
      this.violated(wrong);
    }
    this.#checkCut(key, writer);
    this.#checkTwice(key, writer);
    this.#countWriters(key, writer);
  }

  /** A try that seemed to fail may have arrived: the next one has the same name. */
  #checkTwice(key: string, writer: SimulatedProcess): void {
    const truth = this.#world.objects.truthOf(key);
    if (truth?.kind === 'Incr') {
      const range = `${writer.name} ${truth.line.number} ${truth.from} ${truth.to}`;
      const other = this.#deltas.get(range);
      if (other !== undefined && other !== key) {
        this.violated(`${key} holds the same as ${other}, of the same sidecar`);
      }
      this.#deltas.set(range, key);
    }
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
        this.violated(`${key} reaches across the full of revision ${across.truth.to}, which was there before`);
      }
    }
  }

  deleting(key: string, by: SimulatedProcess): void {
    const { chronicle, store } = this.#world;
    chronicle.tell('store', `${key} deleted by ${by.name}`);
    this.#checkStillLeads(by, `deletes ${key}`);
    const before = this.#whatIsThere.plan;
    this.#found = undefined;
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
    const now = this.restorable;
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

  /** Whether all is as it must become when nothing is wrong for a while. */
  get isCalm(): boolean {
    this.#attempt = [];
    try {
      this.#judgeCalm();
      return this.#attempt.length === 0;
    } finally {
      this.#attempt = undefined;
    }
  }

  /** What must be true after all was well for a while. */
  checkCalm(): void {
    this.check();
    this.#judgeCalm();
    this.#throwViolations();
  }

  #judgeCalm(): void {
    const { requests, time, pods } = this.#world;
    for (const { process } of pods) {
      if (process.isPaused) {
        this.violated(`${process.name} is paused`);
      }
    }
    for (const { what, answer, at } of requests) {
      if (answer === undefined) {
        this.violated(`the request for a ${what}, made at ${at / 1_000}, was never answered`);
      }
    }
    if (this.#canRecover) {
      this.#checkRecoveryPoint(time.now - recoveryPointMs);
      this.#checkHealthOfAll();
      this.#checkMembers();
      if (this.#world.hasLeases) {
        this.#checkLeases();
      }
    } else {
      this.#checkRefusals();
    }
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
    if (this.#canRecover) {
      this.#checkRecoveryPoint(Number.POSITIVE_INFINITY);
    }
    this.#throwViolations();
  }

  /**
   * Whether all can be well again without a person: a cluster of several that has lost most of its members is left alone,
   * and so are damaged files without a backup.
   */
  get #canRecover(): boolean {
    const { cluster, configuration, hasStore, pods } = this.#world;
    const isReplaced = hasStore || pods.every(({ member }) => member.disk === undefined);
    return cluster.isAlive || (configuration.size === 1 && isReplaced);
  }

  #checkHealthOfAll(): void {
    const { pods, cluster } = this.#world;
    for (const { life, member, process } of pods) {
      if (life.healthy !== (member === cluster.leader)) {
        this.violated(
          `${process.name} says it is ${life.healthy ? 'healthy' : 'unwell'}, and ${cluster.leader?.name} leads`,
        );
      }
    }
  }

  /** Every member that is configured runs, has a vote, and is where its configuration says. */
  #checkMembers(): void {
    const { pods, cluster, configuration } = this.#world;
    for (const { member, container, process } of pods) {
      const { name, disk, isUp, peerUrl, starts } = member;
      const moved = cluster.moved.get(disk?.id ?? 0n);
      if (moved?.by === process && moved.starts === starts) {
        this.violated(`the etcd of ${name} was not started again after its peer URL had changed`);
      }
      const entry = cluster.list.of(disk?.id);
      const wanted = configuration.peerUrlOf(name);
      if (!isUp) {
        this.violated(`the etcd of ${name} does not run: its container ${container.phase}`);
      } else if (entry === undefined || entry.isLearner) {
        this.violated(`${name} is ${entry === undefined ? 'no member' : 'a learner'} for ever`);
      } else if (entry.peerUrls.join() !== wanted || peerUrl !== wanted) {
        this.violated(`${name} is at ${entry.peerUrls.join()} and listens at ${peerUrl}, and should be at ${wanted}`);
      }
    }
    if (cluster.list.entries.length !== configuration.size) {
      this.violated(`the cluster has ${cluster.list.entries.length} members, and ${configuration.size} are configured`);
    }
  }

  /** Most of the members are lost: nobody may make a cluster of what is left, and whoever has no files says why. */
  #checkRefusals(): void {
    for (const { member, container } of this.#world.pods) {
      if (member.disk?.health !== 'sound' && member.isUp) {
        this.violated(`the etcd of ${member.name} runs without its files, and ${container.phase}`);
      }
      if (member.disk?.health !== 'sound' && !container.hasFailed) {
        this.violated(`${member.name} was neither initialized nor refused: its container ${container.phase}`);
      }
    }
  }

  /** The leases tell what is there. */
  #checkLeases(): void {
    const { api, time, hasStore } = this.#world;
    this.#checkMemberLeases();
    if (!hasStore) {
      return;
    }
    const plan = this.#whatIsThere.plan;
    const { full, delta } = {
      full: api.leases.get(snapshotLeases.full),
      delta: api.leases.get(snapshotLeases.delta),
    };
    if (plan.outcome === 'chain' && Number(full?.holder ?? -1) < plan.base.lastRevision) {
      this.violated(`the lease of fulls says ${full?.holder}, and the newest is of ${plan.base.lastRevision}`);
    }
    if (time.now - (delta?.patchedAt ?? 0) > 2 * deltaPeriodMs + 10_000) {
      this.violated(`the lease of deltas was last renewed at ${(delta?.patchedAt ?? 0) / 1_000}`);
    }
  }

  #checkMemberLeases(): void {
    const { api, cluster, time, pods } = this.#world;
    for (const { member } of pods) {
      const lease = api.leases.get(member.name);
      const role = member === cluster.leader ? 'Leader' : 'Member';
      const holder = `${member.disk?.id.toString(16)}:${cluster.clusterId.toString(16)}:${role}`;
      if (lease?.holder !== holder || time.now - lease.patchedAt > heartbeatMs + 5_000) {
        this.violated(`the lease of ${member.name} says ${lease?.holder}, not ${holder}, since ${lease?.patchedAt}`);
      }
    }
  }

  #checkRecoveryPoint(before: number): void {
    const { cluster, hasStore } = this.#world;
    if (!hasStore) {
      return;
    }
    const { line } = cluster;
    const now = this.restorable;
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

  get #whatIsThere(): WhatIsThere {
    const { objects } = this.#world.store;
    if (this.#found?.count !== objects.size) {
      const plan = chainIn(objects);
      this.#found = { count: objects.size, plan, restorable: this.#restorable(plan) };
    }
    return this.#found;
  }

  #restorable(plan: ChainPlan<StoredSnapshot>): Restorable | string | undefined {
    const { store, objects } = this.#world;
    if (store.objects.size === 0) {
      return undefined;
    }
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

  /** Nothing new is begun by a sidecar that has had the time to see that its member does not lead. */
  #checkStillLeads(writer: SimulatedProcess, what: string): void {
    const { pods, time } = this.#world;
    const since = pods.find(({ process }) => process === writer)?.member.notLeadingSince;
    const lastSeen = Math.max(since ?? Number.POSITIVE_INFINITY, writer.resumedAt);
    if (!writer.stop.signal.aborted && time.now - lastSeen > mostBlindMs) {
      this.violated(`${writer.name} ${what}, though its member does not lead since ${(since ?? 0) / 1_000}`);
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
