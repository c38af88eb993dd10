import { revision } from '../../src/revision.ts';
import { goldenRevision } from '../support/etcd/scripted-cluster.ts';
import type { Random } from '../support/fixtures/random.ts';
import { type Line, lineAfter } from './lines.ts';
import { MemberList } from './member-list.ts';
import { type ModelMember, newMember } from './model-member.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How long a cluster takes to notice that its leader is gone, ms: from, and so much more at most. */
const election = { leastMs: 1_000, spreadMs: 2_000 };
/** How long a learner may take to catch up, ms. */
const longestCatchUpMs = 20_000;

/** An etcd cluster as it is seen from outside: members, leader, term, revisions, compaction. What raft does in between is left out. */
export class ModelCluster {
  readonly members: ModelMember[] = [];
  readonly list = new MemberList();
  readonly lines: Line[] = [{ number: 1, before: undefined, events: [], acknowledgedAt: [] }];
  clusterId = 0n;
  /** Whether it has ever had a leader. */
  isBootstrapped = false;
  /** Nothing below it can be watched any more. */
  compacted = 0;
  /** Who has given members other peer URLs, and how often their etcd had been started then: it has to be started again. */
  readonly moved = new Map<bigint, { readonly by: SimulatedProcess; readonly starts: number }>();
  alarm: 'NOSPACE' | 'CORRUPT' | undefined;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #watchers = new Set<() => void>();
  readonly #ends = new Map<ModelMember, readonly (() => void)[]>();
  readonly #tell: (what: string) => void;
  readonly #violated: (what: string) => void;
  #leader: bigint | undefined;
  #term = 2n;
  /** Entries of the raft log that are no changes of keys. */
  #otherEntries = 100;
  #electionPlanned = false;
  #ids = 0xabc000n;

  constructor(parts: {
    readonly time: VirtualTime;
    readonly random: Random;
    tell(what: string): void;
    violated(what: string): void;
  }) {
    this.#violated = parts.violated;
    this.#time = parts.time;
    this.#random = parts.random;
    this.#tell = parts.tell;
  }

  /** ms. */
  get now(): number {
    return this.#time.now;
  }

  get line(): Line {
    return this.lines.at(-1) ?? this.#begunLine();
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
    return this.members.find(({ disk }) => disk !== undefined && disk.id === this.#leader);
  }

  /**
   * Whether a quorum of it can be had again without any help: enough of its members still have their files. One that has not begun yet can also
   * begin, unless one of its members remembers others that are lost.
   */
  get isAlive(): boolean {
    const { voters } = this.list;
    const whole = voters.filter(({ id }) => this.at(id)?.disk?.health === 'sound');
    if (this.isBootstrapped) {
      return whole.length > voters.length / 2;
    }
    const isDamaged = this.members.some(({ disk }) => disk !== undefined && disk.health !== 'sound');
    const lost = this.members.filter(({ disk, starts }) => disk === undefined && starts > 0);
    const isRemembered = this.members.some(({ disk }) => disk !== undefined);
    return !isDamaged && !(isRemembered && lost.length > this.members.length / 2);
  }

  /** An id that no member had before. */
  newId(): bigint {
    this.#ids += 1n;
    return this.#ids;
  }

  hasCaughtUp(id: bigint): boolean {
    return this.at(id)?.applied === this.revision;
  }

  /** etcd refuses a removal after which those that run are no quorum. */
  mayRemove(id: bigint): boolean {
    const left = this.list.voters.filter((voter) => voter.id !== id);
    return left.filter((voter) => isConnected(this.at(voter.id))).length > left.length / 2;
  }

  /** A sidecar has its member taken out. */
  remove(id: bigint): void {
    const member = this.at(id);
    if (member?.disk?.health === 'sound') {
      this.#violated(`${member.name} is taken out of its cluster, and its files are sound`);
    }
    this.list.remove(id);
  }

  /** A place for a member, where no etcd runs yet. */
  addPlace(name: string, peerUrl: string): ModelMember {
    const member = newMember(name, this.line, { applied: goldenRevision, peerUrl });
    this.members.push(member);
    return member;
  }

  /** Whether a member reaches a quorum, itself counted. */
  hasQuorum(member: ModelMember): boolean {
    const own = this.list.of(member.disk?.id);
    if (!member.isUp || own === undefined) {
      return false;
    }
    const { voters } = this.list;
    if (voters.length === 1 && voters[0] === own) {
      return true;
    }
    const connected = voters.filter(({ id }) => isConnected(this.at(id)));
    return !member.isCutOff && connected.length > voters.length / 2;
  }

  /** A client writes; whether that was acknowledged. */
  write(): boolean {
    const { leader } = this;
    if (leader === undefined || !this.hasQuorum(leader) || this.alarm === 'NOSPACE') {
      return false;
    }
    const { line } = this;
    const modRevision = revision(this.revision + 1);
    line.events.push({
      type: 'put',
      key: Buffer.from(`key-${modRevision}`),
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

  /** The etcd of a member begins to run on its files. */
  started(member: ModelMember): void {
    member.isUp = true;
    member.starts += 1;
    if (this.#leader !== undefined && this.#leader === member.disk?.id) {
      this.#leader = undefined;
    }
    this.changed();
  }

  /** The etcd of a member ends. */
  stopped(member: ModelMember): void {
    member.isUp = false;
    this.#believe(member, undefined);
    const ends = this.#ends.get(member) ?? [];
    this.#ends.delete(member);
    for (const end of ends) {
      end();
    }
    this.changed();
  }

  /** Resolves when the etcd of a member does not run. */
  async untilStopped(member: ModelMember): Promise<void> {
    if (member.isUp) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ends.set(member, [...(this.#ends.get(member) ?? []), resolve]);
      await promise;
    }
  }

  /** A learner begins with nothing and is sent everything. */
  beginCatchUp(member: ModelMember): void {
    member.line = this.line;
    member.applied = goldenRevision;
    member.logged = goldenRevision;
    member.catchesUpAt = this.now + this.#random.integer(longestCatchUpMs);
    this.#time.after(member.catchesUpAt - this.now, () => this.changed());
  }

  /** All members are stopped and started with an older state, that at `to`; what was after it never was. */
  rollBack(to: number): void {
    this.beginLine(this.line, to);
    for (const member of this.members) {
      member.starts += 1;
    }
    this.changed();
  }

  /** The cluster goes on from the state of a line at a revision. */
  beginLine(line: Line, to: number): void {
    this.lines.push(lineAfter(line, to, this.lines.length + 1));
    this.#otherEntries = Math.max(100, this.#otherEntries - 50);
    this.compacted = Math.min(this.compacted, to);
    for (const member of this.members) {
      member.line = this.line;
      member.applied = Math.min(member.applied, this.revision);
      member.logged = Math.min(member.logged, this.revision);
    }
  }

  /** Calls `listener` once at the next change of anything. */
  onceChanged(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Lets everything follow from what was changed. */
  changed(): void {
    for (const member of this.members) {
      if (member.line === this.line && this.now >= member.catchesUpAt && this.hasQuorum(member)) {
        member.logged = this.revision;
        member.applied = member.isSlow ? member.applied : this.revision;
      }
    }
    this.#endRemoved();
    this.#followViews();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) {
      watcher();
    }
  }

  /** The member that has the files of an id. */
  at(id: bigint): ModelMember | undefined {
    return this.members.find(({ disk }) => disk?.id === id);
  }

  #begunLine(): Line {
    throw new Error('there is no line');
  }

  /** The etcd of a member that was removed ends when it hears of it. */
  #endRemoved(): void {
    for (const member of this.members) {
      const isRemoved = (): boolean =>
        isConnected(member) && this.isBootstrapped && this.list.of(member.disk?.id) === undefined;
      if (isRemoved()) {
        this.#time.after(this.#random.integer(2_000), () => {
          if (isRemoved()) {
            this.stopped(member);
          }
        });
      }
    }
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
    const isPossible = this.members.some((member) => this.hasQuorum(member));
    if (!this.#electionPlanned && isPossible) {
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
    const electable = this.members.filter(
      (member) =>
        this.hasQuorum(member) && this.list.of(member.disk?.id)?.isLearner === false && member.logged === this.revision,
    );
    const others = electable.filter(({ disk }) => disk?.id !== this.#leader);
    if (electable.length === 0) {
      return;
    }
    const chosen = this.#random.pick(others.length > 0 ? others : electable);
    this.#leader = chosen.disk?.id;
    this.#term += 1n;
    this.#otherEntries += 1;
    this.isBootstrapped = true;
    chosen.term = this.#term;
    this.#believe(chosen, this.#leader);
    this.#tell(`${chosen.name} leads, in term ${this.#term}`);
    this.changed();
  }

  #believe(member: ModelMember, leader: bigint | undefined): void {
    member.leader = leader;
    member.term = leader === undefined ? member.term : this.#term;
    if (leader !== undefined && leader === member.disk?.id) {
      member.notLeadingSince = undefined;
    } else {
      member.notLeadingSince ??= this.#time.now;
    }
  }
}

function isConnected(member: ModelMember | undefined): boolean {
  return member?.isUp === true && !member.isCutOff;
}
