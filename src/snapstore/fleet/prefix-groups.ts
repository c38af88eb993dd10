import { limits } from '../../runtime/limits.ts';
import { withProof } from '../../snapshot/deciding-proof.ts';
import type { ProofName } from '../../snapshot/proof-name.ts';
import type { ObjectEntry } from '../bucket.ts';
import type { StoredSnapshot } from '../snapstore.ts';
import { placeOf } from './key-place.ts';

/** What a listing shows of the backups below one prefix. */
export interface PrefixObjects {
  /** Without a slash at its end; empty for the top of the container. */
  readonly prefix: string;
  readonly snapshots: StoredSnapshot[];
  readonly markers: ObjectEntry[];
  /** Archives of files that belong to fulls. */
  companions: number;
  /** Those next to the snapshots that count: see {@link withProof}. */
  proofs: readonly ProofName[];
  /** It has more objects than are held: the rest is left out. */
  isCut: boolean;
}

const none: readonly PrefixObjects[] = [];

/**
 * Sorts the entries of a listing by prefix, while it runs: a group is given out as soon as the listing has left its folder, so that
 * those of one path are held at once. Of a listing that comes back to a folder the prefix is noted in {@link again}.
 */
export class PrefixGroups {
  /** Prefixes whose group was given out before all of it had come. */
  readonly again = new Set<string>();
  readonly #open = new Map<string, PrefixObjects>();
  readonly #closed = new Set<string>();
  readonly #now: number;
  readonly #mostObjects: number;

  /** `now` is in ms since the epoch. Of one prefix no more objects are held than `mostObjects`. */
  constructor({
    now,
    mostObjects = limits.fleetObjects.most,
  }: { readonly now: number; readonly mostObjects?: number }) {
    this.#now = now;
    this.#mostObjects = mostObjects;
  }

  /** How many prefixes were found. */
  get count(): number {
    return this.#open.size + this.#closed.size;
  }

  /** Takes the next entry; gives out the groups that ended before it. */
  add(entry: ObjectEntry): readonly PrefixObjects[] {
    const ended = this.#leave(entry.key);
    const place = placeOf(entry.key);
    if (place === undefined) {
      return ended;
    }
    const group = this.#group(place.prefix);
    if (group.snapshots.length + group.markers.length >= this.#mostObjects) {
      group.isCut = true;
      return ended;
    }
    switch (place.is) {
      case 'snapshot': {
        const { modifiedAt: _, ...facts } = entry;
        group.snapshots.push({ ...place.snapshot, ...facts });
        break;
      }
      case 'marker':
        group.markers.push(entry);
        break;
      case 'proof':
        group.proofs = withProof(group.proofs, place.proof, this.#now / 1_000);
        break;
      case 'companion':
        group.companions += 1;
        break;
      default:
        return place satisfies never;
    }
    return ended;
  }

  /** The groups that are left when the listing has ended. */
  end(): readonly PrefixObjects[] {
    const rest = [...this.#open.values()];
    for (const { prefix } of rest) {
      this.#close(prefix);
    }
    return rest;
  }

  #group(prefix: string): PrefixObjects {
    const open = this.#open.get(prefix);
    if (open !== undefined) {
      return open;
    }
    if (this.#closed.has(prefix)) {
      this.again.add(prefix);
    }
    const group: PrefixObjects = { prefix, snapshots: [], markers: [], companions: 0, proofs: [], isCut: false };
    this.#open.set(prefix, group);
    return group;
  }

  #leave(key: string): readonly PrefixObjects[] {
    let ended: PrefixObjects[] | undefined;
    for (const group of this.#open.values()) {
      if (group.prefix !== '' && !(key.startsWith(group.prefix) && key.charAt(group.prefix.length) === '/')) {
        ended ??= [];
        ended.push(group);
      }
    }
    for (const { prefix } of ended ?? []) {
      this.#close(prefix);
    }
    return ended ?? none;
  }

  #close(prefix: string): void {
    this.#open.delete(prefix);
    this.#closed.add(prefix);
  }
}
