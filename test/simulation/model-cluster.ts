import { type Revision, revision } from '../../src/revision.ts';
import type { PutEvent } from '../../src/snapshot/delta-event.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import type { Random } from '../support/fixtures/random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One line of revisions that the cluster went through; a cluster that is put back begins another one. */
export interface Line {
  readonly number: number;
  /** One for each revision above that of the golden database; the part that two lines share has the same objects. */
  readonly events: PutEvent[];
  /** When each event was acknowledged, ms. */
  readonly acknowledgedAt: number[];
}

/** One member of the cluster, with its own view of it. */
export interface ModelMember {
  readonly id: bigint;
  readonly name: string;
  isUp: boolean;
  /** It reaches no other member. */
  isCutOff: boolean;
  /** It applies nothing of what is committed. */
  isSlow: boolean;
  /** Its process answers nothing. */
  isHanging: boolean;
  /** The revision it has applied. */
  applied: number;
  /** What it believes. */
  leader: bigint | undefined;
  term: bigint;
  /** How often it was started: watches end with it. */
  starts: number;
  /** Since when it neither leads nor believes that it does, ms; undefined while it does. */
  notLeadingSince: number | undefined;
}

/** How long a cluster takes to notice that its leader is gone, ms: from, and so much more at most. */
const election = { leastMs: 1_000, spreadMs: 2_000 };

/** An etcd cluster as it is seen from outside: members, leader, term, revisions, compaction. What raft does in between is left out. */
export class ModelCluster {
  readonly members: readonly ModelMember[];
  readonly lines: Line[] = [{ number: 1, events: [], acknowledgedAt: [] }];
  readonly clusterId = 7n;
  /** Nothing below it can be watched any more. */
  compacted = 0;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #watchers = new Set<() => void>();
  readonly #tell: (what: string) => void;
  #leader: bigint | undefined;
  #term = 2n;
  /** Entries of the raft log that are no changes of keys. */
  #otherEntries = 100;
  #electionPlanned = false;

  constructor(size: number, parts: { readonly time: VirtualTime; readonly random: Random; tell(what: string): void }) {
    this.#time = parts.time;
    this.#random = parts.random;
    this.#tell = parts.tell;
    this.members = Array.from({ length: size }, (_, at) => ({
      id: BigInt(at + 1),
      name: `etcd-${at}`,
      isUp: true,
      isCutOff: false,
      isSlow: false,
      isHanging: false,
      applied: goldenRevision,
      leader: undefined,
      term: 2n,
      starts: 1,
      notLeadingSince: 0,
    }));
    this.#elect();
  }

  /** ms. */
  get now(): number {
    return this.#time.now;
  }

  get line(): Line {
    return this.lines.at(-1) ?? { number: 0, events: [], acknowledgedAt: [] };
  }

  /** The newest revision that is committed. */
  get revision(): number {
    return goldenRevision + this.line.events.length;
  }

  get raftIndex(): bigint {
    return BigInt(this.#otherEntries + this.line.events.length);
  }

  /** The member that truly leads, if any. */
  get leader(): ModelMember | undefined {
    return this.members.find(({ id }) => id === this.#leader);
  }

  /** Whether a member reaches a quorum, itself counted. */
  hasQuorum(member: ModelMember): boolean {
    return (
      member.isUp &&
      (this.members.length === 1 || (!member.isCutOff && this.#connected.length > this.members.length / 2))
    );
  }

  /** A client writes; whether that was acknowledged. */
  write(): boolean {
    const { leader } = this;
    if (leader === undefined || !this.hasQuorum(leader)) {
      return false;
    }
    const { line } = this;
    const modRevision = revision(this.revision + 1);
    line.events.push({
      type: 'put',
      key: Buffer.from(`key-${this.#random.integer(50)}`),
      modRevision,
      value: Buffer.from(`${modRevision} of line ${line.number}`),
      createRevision: modRevision,
      version: 1,
      lease: 0n,
    });
    line.acknowledgedAt.push(this.#time.now);
    this.changed();
    return true;
  }

  /** Something is ordered like a write and changes no key. */
  otherEntry(): void {
    this.#otherEntries += 1;
  }

  /** Another member becomes leader. */
  transferLead(): void {
    if (this.leader !== undefined && this.hasQuorum(this.leader)) {
      this.#elect();
    }
  }

  stopMember(member: ModelMember): void {
    member.isUp = false;
    this.#believe(member, undefined);
    this.changed();
  }

  startMember(member: ModelMember): void {
    if (!member.isUp) {
      member.isUp = true;
      member.starts += 1;
      this.#leader = this.#leader === member.id ? undefined : this.#leader;
      this.changed();
    }
  }

  /** All members are stopped and started with an older state, that at `to`; what was after it never was. */
  rollBack(to: number): void {
    const kept = Math.max(0, to - goldenRevision);
    const { line } = this;
    this.lines.push({
      number: this.lines.length + 1,
      events: line.events.slice(0, kept),
      acknowledgedAt: line.acknowledgedAt.slice(0, kept),
    });
    this.#otherEntries = Math.max(100, this.#otherEntries - 50);
    this.compacted = Math.min(this.compacted, to);
    for (const member of this.members) {
      member.applied = Math.min(member.applied, this.revision);
      member.starts += 1;
    }
    this.changed();
  }

  /** Calls `listener` once at the next change of anything. */
  onceChanged(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Lets everything follow from what was changed. */
  changed(): void {
    for (const member of this.members) {
      if (!member.isSlow && this.hasQuorum(member)) {
        member.applied = this.revision;
      }
    }
    this.#followViews();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) {
      watcher();
    }
  }

  get #connected(): readonly ModelMember[] {
    return this.members.filter(({ isUp, isCutOff }) => isUp && !isCutOff);
  }

  #followViews(): void {
    const { leader } = this;
    if (leader === undefined || !this.hasQuorum(leader)) {
      this.#planElection();
    }
    for (const member of this.members) {
      if (!this.hasQuorum(member) && member.leader !== undefined) {
        // A leader that has lost its followers notices it after a while, and so do followers without a leader.
        this.#time.after(this.#patience(), () => {
          if (!this.hasQuorum(member)) {
            this.#believe(member, undefined);
          }
        });
      } else if (
        this.hasQuorum(member) &&
        leader !== undefined &&
        this.hasQuorum(leader) &&
        member.leader !== this.#leader
      ) {
        this.#time.after(this.#random.integer(500), () => {
          if (this.hasQuorum(member)) {
            this.#believe(member, this.#leader);
          }
        });
      }
    }
  }

  #patience(): number {
    return election.leastMs + this.#random.integer(election.spreadMs);
  }

  #planElection(): void {
    if (!this.#electionPlanned) {
      this.#electionPlanned = true;
      this.#time.after(this.#patience(), () => {
        this.#electionPlanned = false;
        if (this.leader === undefined || !this.hasQuorum(this.leader)) {
          this.#elect();
        }
      });
    }
  }

  #elect(): void {
    const electable = this.members.filter((member) => this.hasQuorum(member) && member.applied === this.revision);
    const others = electable.filter(({ id }) => id !== this.#leader);
    if (electable.length === 0) {
      return;
    }
    const chosen = this.#random.pick(others.length > 0 ? others : electable);
    this.#leader = chosen.id;
    this.#term += 1n;
    this.#otherEntries += 1;
    chosen.term = this.#term;
    this.#believe(chosen, chosen.id);
    this.#tell(`${chosen.name} leads, in term ${this.#term}`);
    this.changed();
  }

  #believe(member: ModelMember, leader: bigint | undefined): void {
    member.leader = leader;
    member.term = leader === undefined ? member.term : this.#term;
    if (leader === member.id) {
      member.notLeadingSince = undefined;
    } else {
      member.notLeadingSince ??= this.#time.now;
    }
  }
}

/** The events of a line from one revision on, up to another. */
export function eventsOf(line: Line, from: number, to: number): readonly PutEvent[] {
  return line.events.slice(Math.max(0, from - goldenRevision - 1), Math.max(0, to - goldenRevision));
}

/** The revision up to which two lines are the same. */
export function sharedRevision(a: Line, b: Line): Revision {
  const differs = a.events.findIndex((event, at) => b.events[at] !== event);
  return revision(goldenRevision + (differs < 0 ? a.events.length : differs));
}
