import { int64Secret } from './int64-secret.ts';

/** A set of int64 numbers that others choose, such as ids of leases: they cannot make it slow. Not to be sent to another thread. */
export class Int64Set {
  readonly #secret = int64Secret();
  readonly #hidden = new Set<bigint>();

  constructor(ids: Iterable<bigint> = []) {
    for (const id of ids) {
      this.add(id);
    }
  }

  get size(): number {
    return this.#hidden.size;
  }

  add(id: bigint): void {
    this.#hidden.add(id ^ this.#secret);
  }

  has(id: bigint): boolean {
    return this.#hidden.has(id ^ this.#secret);
  }

  delete(id: bigint): boolean {
    return this.#hidden.delete(id ^ this.#secret);
  }

  clear(): void {
    this.#hidden.clear();
  }

  *[Symbol.iterator](): Generator<bigint, void> {
    for (const id of this.#hidden) {
      yield id ^ this.#secret;
    }
  }
}
