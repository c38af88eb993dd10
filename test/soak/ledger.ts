/** Writes that etcd has acknowledged and that are not yet known to be in the store. */
export class Ledger {
  /** In the order of their acknowledgement. */
  #open: { readonly revision: number; readonly at: number }[] = [];
  #newest = 1;
  #count = 0;

  /** How many writes were acknowledged. */
  get count(): number {
    return this.#count;
  }

  /** The highest revision that was acknowledged. */
  get newest(): number {
    return this.#newest;
  }

  /** Notes an acknowledgement, at this moment. */
  record(revision: number): void {
    this.#count += 1;
    this.#newest = Math.max(this.#newest, revision);
    this.#open.push({ revision, at: performance.now() });
  }

  /** Everything up to `revision` is in the store. Gives the age of the oldest write that is not, ms. */
  covered(revision: number): number {
    this.#open = this.#open.filter((write) => write.revision > revision);
    const oldest = this.#open[0];
    return oldest === undefined ? 0 : performance.now() - oldest.at;
  }
}
