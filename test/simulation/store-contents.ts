import type { ChainPlan } from '../../src/snapshot/chain.ts';
import type { StoredSnapshot } from '../../src/snapstore/snapstore.ts';
import { type Line, type Restorable, sharedRevision } from './lines.ts';
import { newestChainIn } from './newest-chain-in.ts';
import type { World } from './world.ts';

/** What can be found out of the objects in the store. */
interface WhatIsThere {
  /** Number of objects. */
  readonly count: number;
  readonly plan: ChainPlan<StoredSnapshot>;
  readonly restorable: Restorable | string | undefined;
}

/** What the store holds now, found out from its names and from what was seen in each object. */
export class StoreContents {
  readonly #world: Pick<World, 'store' | 'objects' | 'cluster'>;
  /** Until an object comes or goes. */
  #found: WhatIsThere | undefined;

  constructor(world: Pick<World, 'store' | 'objects' | 'cluster'>) {
    this.#world = world;
  }

  /** The newest chain of the living history. */
  get plan(): ChainPlan<StoredSnapshot> {
    return this.#whatIsThere.plan;
  }

  /** The state that a restore gives now, by its contents; a text when it would fail or mix histories, undefined with an empty store. */
  get restorable(): Restorable | string | undefined {
    return this.#whatIsThere.restorable;
  }

  /** The newest chain when an object were gone. */
  planWithout(key: string): ChainPlan<StoredSnapshot> {
    return newestChainIn(new Map([...this.#world.store.objects].filter(([other]) => other !== key)));
  }

  /** An object comes or goes. */
  changed(): void {
    this.#found = undefined;
  }

  get #whatIsThere(): WhatIsThere {
    const { objects } = this.#world.store;
    if (this.#found?.count !== objects.size) {
      const plan = newestChainIn(objects);
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
}
