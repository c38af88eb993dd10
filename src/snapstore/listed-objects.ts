import { limits } from '../runtime/limits.ts';
import { countText } from '../runtime/log/amount.ts';
import { StoreError } from './store-error.ts';

/** Counts what a listing has shown, wherever all of it is held: a service may give new pages without end. */
export class ListedObjects {
  readonly #object: string;
  readonly #most: number;
  #count = 0;

  /** @param object what is listed, for the message: a container, or a prefix of it */
  constructor(object: string, most: number = limits.listedObjects.most) {
    this.#object = object;
    this.#most = most;
  }

  /** Throws a {@link StoreError} `invalid` beyond the limit. */
  add(count: number): void {
    this.#count += count;
    if (this.#count > this.#most) {
      throw new StoreError('invalid', {
        action: 'list',
        object: this.#object,
        found: `it has more than ${countText(this.#most, 'object')}`,
        remedy:
          'see whether the store gives the same listing again and again; otherwise delete what is not needed there',
      });
    }
  }
}
