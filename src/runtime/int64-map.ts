import { int64Secret } from './int64-secret.ts';

/** Values by int64 numbers that others choose, such as ids of leases: they cannot make it slow. Not to be sent to another thread. */
export class Int64Map<Value> {
  readonly #secret = int64Secret();
  readonly #hidden = new Map<bigint, Value>();

  get size(): number {
    return this.#hidden.size;
  }

  get(id: bigint): Value | undefined {
    return this.#hidden.get(id ^ this.#secret);
  }

  set(id: bigint, value: Value): void {
    this.#hidden.set(id ^ this.#secret, value);
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

  *[Symbol.iterator](): Generator<[bigint, Value], void> {
    for (const [id, value] of this.#hidden) {
      yield [id ^ this.#secret, value];
    }
  }
}
