import { sharedRevision } from './lines.ts';
import { snapshotLeases } from './model-api-server.ts';
import { deltaPeriodMs, heartbeatMs } from './simulated-sidecar.ts';
import type { StoreContents } from './store-contents.ts';
import type { Violations } from './violations.ts';
import type { World } from './world.ts';

/** An acknowledged write is in the store at the latest so long after it, while nothing is wrong, ms. */
const recoveryPointMs = deltaPeriodMs + 20_000;
/**
 * The lease of fulls is renewed at the latest so long after the API server is well again, ms: a call that hangs ends after a minute, and the
 * next one follows after another.
 */
const leaseOfFullsMs = 140_000;

/** Judges what everything must come to when nothing is wrong for a while: members, health, leases and the backup. */
export class CalmJudge {
  readonly #world: World;
  readonly #contents: StoreContents;
  readonly #violations: Violations;
  /** Since when nothing is wrong, ms, and the newest full of that time. */
  #begun: { readonly at: number; readonly full: number } | undefined;

  constructor(world: World, parts: { readonly contents: StoreContents; readonly violations: Violations }) {
    this.#world = world;
    this.#contents = parts.contents;
    this.#violations = parts.violations;
  }

  /** Nothing is wrong from now on. */
  begin(): void {
    const { time } = this.#world;
    const { plan } = this.#contents;
    this.#begun = { at: time.now, full: plan.outcome === 'chain' ? plan.base.lastRevision : 0 };
  }

  /** What must be true at any time since then: the lease of fulls need not wait for the next full. */
  checkBounds(): void {
    const { api, time, hasStore, hasLeases } = this.#world;
    const { at, full } = this.#begun ?? { at: time.now, full: 0 };
    const held = api.leases.get(snapshotLeases.full)?.holder;
    const isDue = hasStore && hasLeases && this.canRecover && time.now - at > leaseOfFullsMs;
    if (isDue && Number(held ?? 0) < full) {
      this.#violations.add(
        `the lease of fulls says ${held}, all is well since ${at / 1_000}, and a full of ${full} was there before`,
      );
    }
  }

  /** Whether all is as it must become when nothing is wrong for a while. */
  judge(): void {
    const { time, pods } = this.#world;
    for (const { process } of pods) {
      if (process.isPaused) {
        this.#violations.add(`${process.name} is paused`);
      }
    }
    this.checkAnswers();
    if (this.canRecover) {
      this.checkRecoveryPoint(time.now - recoveryPointMs);
      this.#checkHealthOfAll();
      this.#checkMembers();
      if (this.#world.hasLeases) {
        this.#checkLeases();
      }
    } else {
      this.#checkRefusals();
    }
  }

  /** Every request was answered. */
  checkAnswers(): void {
    for (const { what, answer, at } of this.#world.requests) {
      if (answer === undefined) {
        this.#violations.add(`the request for a ${what}, made at ${at / 1_000}, was never answered`);
      }
    }
  }

  /**
   * Whether all can be well again without a person: a cluster of several that has lost most of its members is left alone,
   * and so are damaged files without a backup.
   */
  get canRecover(): boolean {
    const { cluster, configuration, hasStore, pods } = this.#world;
    const isReplaced = hasStore || pods.every(({ member }) => member.disk === undefined);
    return cluster.isAlive || (configuration.size === 1 && isReplaced);
  }

  #checkHealthOfAll(): void {
    const { pods, cluster } = this.#world;
    for (const { life, member, process } of pods) {
      if (life.healthy !== (member === cluster.leader)) {
        this.#violations.add(
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
        this.#violations.add(`the etcd of ${name} was not started again after its peer URL had changed`);
      }
      const entry = cluster.list.of(disk?.id);
      const wanted = configuration.peerUrlOf(name);
      if (!isUp) {
        this.#violations.add(`the etcd of ${name} does not run: its container ${container.phase}`);
      } else if (entry === undefined || entry.isLearner) {
        this.#violations.add(`${name} is ${entry === undefined ? 'no member' : 'a learner'} for ever`);
      } else if (entry.peerUrls.join() !== wanted || peerUrl !== wanted) {
        this.#violations.add(
          `${name} is at ${entry.peerUrls.join()} and listens at ${peerUrl}, and should be at ${wanted}`,
        );
      }
    }
    if (cluster.list.entries.length !== configuration.size) {
      this.#violations.add(
        `the cluster has ${cluster.list.entries.length} members, and ${configuration.size} are configured`,
      );
    }
  }

  /** Most of the members are lost: nobody may make a cluster of what is left, and whoever has no files says why. */
  #checkRefusals(): void {
    for (const { member, container } of this.#world.pods) {
      if (member.disk?.health !== 'sound' && member.isUp) {
        this.#violations.add(`the etcd of ${member.name} runs without its files, and ${container.phase}`);
      }
      if (member.disk?.health !== 'sound' && !container.hasFailed) {
        this.#violations.add(`${member.name} was neither initialized nor refused: its container ${container.phase}`);
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
    const plan = this.#contents.plan;
    const { full, delta } = {
      full: api.leases.get(snapshotLeases.full),
      delta: api.leases.get(snapshotLeases.delta),
    };
    if (plan.outcome === 'chain' && Number(full?.holder ?? -1) < plan.base.lastRevision) {
      this.#violations.add(`the lease of fulls says ${full?.holder}, and the newest is of ${plan.base.lastRevision}`);
    }
    if (time.now - (delta?.patchedAt ?? 0) > 2 * deltaPeriodMs + 10_000) {
      this.#violations.add(`the lease of deltas was last renewed at ${(delta?.patchedAt ?? 0) / 1_000}`);
    }
  }

  #checkMemberLeases(): void {
    const { api, cluster, time, pods } = this.#world;
    for (const { member } of pods) {
      const lease = api.leases.get(member.name);
      const role = member === cluster.leader ? 'Leader' : 'Member';
      const holder = `${member.disk?.id.toString(16)}:${cluster.clusterId.toString(16)}:${role}`;
      if (lease?.holder !== holder || time.now - lease.patchedAt > heartbeatMs + 5_000) {
        this.#violations.add(
          `the lease of ${member.name} says ${lease?.holder}, not ${holder}, since ${lease?.patchedAt}`,
        );
      }
    }
  }

  /** Whether everything that was acknowledged before a time, ms, can be restored. */
  checkRecoveryPoint(before: number): void {
    const { cluster, hasStore } = this.#world;
    if (!hasStore) {
      return;
    }
    const { line } = cluster;
    const now = this.#contents.restorable;
    if (typeof now === 'string' || now === undefined) {
      this.#violations.add(`nothing can be restored: ${now ?? 'the store is empty'}`);
      return;
    }
    const shared = Math.min(now.revision, sharedRevision(now.line, line));
    if (now.line !== line && sharedRevision(now.line, line) < now.revision) {
      this.#violations.add(`the store is restored to what was undone: to ${now.revision} of line ${now.line.number}`);
    }
    const lost = line.events.findIndex(
      ({ modRevision }, at) => modRevision > shared && (line.acknowledgedAt[at] ?? 0) < before,
    );
    if (lost >= 0) {
      const event = line.events[lost];
      const at = (line.acknowledgedAt[lost] ?? 0) / 1_000;
      this.#violations.add(
        `revision ${event?.modRevision}, acknowledged at ${at}, is not in the store, which reaches ${shared}`,
      );
    }
  }
}
