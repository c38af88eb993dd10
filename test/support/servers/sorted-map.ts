/** A map that gives its keys in order, of which only the first question after a change pays for the order. */
export class SortedMap<V> extends Map<string, V> {
  #sorted: readonly string[] | undefined;

  /** By UTF-16 code units, which is the order of stores for all keys without characters beyond the first plane. */
  sortedKeys(): readonly string[] {
    this.#sorted ??= [...this.keys()].sort();
    return this.#sorted;
  }

  override set(key: string, value: V): this {
    if (!this.has(key)) {
      this.#sorted = undefined;
    }
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    this.#sorted = undefined;
    return super.delete(key);
  }

  override clear(): void {
    this.#sorted = undefined;
    super.clear();
  }
}
