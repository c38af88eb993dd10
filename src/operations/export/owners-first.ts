import type { ExportedKey, KeySource } from './exported-key.ts';

/** What a key holds, as far as it matters for the order in which keys are written. */
export interface Belonging {
  /** Empty for what is no object with owners. */
  readonly uid: string;
  /** Uids of what it belongs to. */
  readonly owners: readonly string[];
  /** It comes before everything, as a namespace does. */
  readonly comesFirst: boolean;
}

/**
 * The keys of a source, each after those that it belongs to: a garbage collector that sees an object before its owner may
 * delete it. Memory holds the uids.
 */
export class OwnersFirst implements KeySource {
  readonly #source: KeySource;
  readonly #belonging: (key: ExportedKey) => Belonging;

  constructor(source: KeySource, belonging: (key: ExportedKey) => Belonging) {
    this.#source = source;
    this.#belonging = belonging;
  }

  async *keys(): AsyncGenerator<ExportedKey, void> {
    const owners = new Map<string, readonly string[]>();
    let hasFirst = false;
    for await (const key of this.#source.keys()) {
      const { uid, owners: its, comesFirst } = this.#belonging(key);
      hasFirst ||= comesFirst;
      if (uid !== '') {
        owners.set(uid, its);
      }
    }
    const depths = depthsOf(owners);
    const deepest = Math.max(0, ...new Set(depths.values()));
    for (let depth = hasFirst ? -1 : 0; depth <= deepest; depth++) {
      for await (const key of this.#source.keys()) {
        const { uid, comesFirst } = this.#belonging(key);
        if ((comesFirst ? -1 : (depths.get(uid) ?? 0)) === depth) {
          yield key;
        }
      }
    }
  }
}

/** How many owners are above each object; one that would own itself is above nothing. */
function depthsOf(owners: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const depthOf = (uid: string, above: readonly string[]): number => {
    const known = depths.get(uid);
    if (known !== undefined) {
      return known;
    }
    const its = (owners.get(uid) ?? []).filter((owner) => owners.has(owner) && owner !== uid && !above.includes(owner));
    const depth = above.length > 20 ? 0 : Math.max(-1, ...its.map((owner) => depthOf(owner, [...above, uid]))) + 1;
    depths.set(uid, depth);
    return depth;
  };
  for (const uid of owners.keys()) {
    depthOf(uid, []);
  }
  return depths;
}
