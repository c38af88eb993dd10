import type { Logger } from '../runtime/log/logger.ts';
import type { Look } from './leadership.ts';
import { type Observation, phaseOf, type SidecarState, step } from './state.ts';
import type { RoleCommand } from './transitions.ts';

/** What a supervisor does for the commands of the state. None of these waits for anything. */
export interface SupervisedActions {
  startLeading(lead: number): void;
  stopLeading(why: string): void;
  promote(): void;
  checkPeerUrls(): void;
  renewMemberLease(): void;
  pauseMemberLease(): void;
}

/** Holds the state of a sidecar: every observation passes through here, and its commands are done in order, without waiting. */
export class Supervisor {
  readonly #actions: SupervisedActions;
  readonly #members: () => number;
  readonly #log: Logger;
  #state: SidecarState;
  #isStopping = false;

  /** `members` gives how many members etcd's configuration names. */
  constructor(parts: {
    readonly first: SidecarState;
    readonly actions: SupervisedActions;
    readonly members: () => number;
    readonly log: Logger;
  }) {
    this.#state = parts.first;
    this.#actions = parts.actions;
    this.#members = parts.members;
    this.#log = parts.log;
  }

  get state(): SidecarState {
    return this.#state;
  }

  /** From now on nothing is done any more: the process is about to end, and what goes on ends by its own signal. */
  stop(): void {
    this.#isStopping = true;
  }

  /** What a look has found. */
  looked(look: Look): void {
    this.observe(
      { type: 'look', seen: look.seen },
      look.seen === 'nothing' ? textOf(look.why) : `it is a ${look.seen}`,
    );
  }

  /** What was seen or has happened; `why` is for the log. */
  observe(observation: Observation, why: string = observation.type): void {
    if (this.#isStopping) {
      return;
    }
    const before = this.#state;
    const { state, commands } = step(before, observation, { members: this.#members() });
    this.#state = state;
    this.#report(before, why);
    for (const command of commands) {
      this.#perform(command, why);
    }
  }

  #report(before: SidecarState, why: string): void {
    const [from, to] = [phaseOf(before), phaseOf(this.#state)];
    if (before.role !== this.#state.role) {
      this.#log[this.#state.role === 'unknown' ? 'warn' : 'info'](
        { from: before.role, to: this.#state.role },
        `Our etcd member was ${shown(before)} and is ${shown(this.#state)} now: ${why}`,
      );
    } else if (from !== to) {
      this.#log.debug({ from, to }, `From "${from}" to "${to}": ${why}`);
    }
  }

  #perform(command: RoleCommand, why: string): void {
    switch (command) {
      case 'start leading':
        this.#actions.startLeading(this.#state.lead);
        break;
      case 'stop leading':
        this.#actions.stopLeading(why);
        break;
      case 'promote':
        this.#actions.promote();
        break;
      case 'check peer urls':
        this.#actions.checkPeerUrls();
        break;
      case 'renew member lease':
        this.#actions.renewMemberLease();
        break;
      case 'pause member lease':
        this.#actions.pauseMemberLease();
        break;
      default:
        command satisfies never;
    }
  }
}

function shown({ role, isLearner }: SidecarState): string {
  return role === 'unknown'
    ? 'out of reach'
    : isLearner
      ? 'a learner'
      : role === 'leader'
        ? 'the leader'
        : 'a follower';
}

function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
