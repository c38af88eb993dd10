import { countText } from '../../runtime/log/amount.ts';
import type { ListingDoubt } from '../bucket.ts';
import { StoreError } from '../store-error.ts';

/** What a page says of itself, as far as the service does. */
export interface PageFacts {
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  /** How many entries the page says it has. */
  readonly announced?: number | undefined;
  /** Whether more pages follow; undefined where the page does not say it. */
  readonly isTruncated?: boolean | undefined;
  /** How many entries a page has at the most, as it says or was asked for; left out where its end is known in another way. */
  readonly most?: number | undefined;
  /** Folders in the place of their objects, where none were asked for. */
  readonly folders?: number | undefined;
  /** Keys of its objects, and of marks of deleted ones. */
  readonly keys: readonly (string | undefined)[];
}

/**
 * Holds the pages of a listing against what was asked for: a cache on the way may answer with another listing, which would count as
 * one without objects.
 */
export class ListingCheck {
  readonly #asked: { readonly bucket: string; readonly prefix: string };
  readonly #location: string;
  #entries = 0;
  #reason: string | undefined;

  constructor(asked: { readonly bucket: string; readonly prefix: string }, location: string) {
    this.#asked = asked;
    this.#location = location;
  }

  /**
   * Throws a {@link StoreError} of kind `invalid` for a page of another prefix, for one that says nothing at all, and for one without objects
   * that says neither that it ends nor what it is the listing of, and for a full one that does not say whether more follow.
   */
  page({
    bucket,
    prefix,
    announced,
    isTruncated,
    most = Number.POSITIVE_INFINITY,
    folders = 0,
    keys,
  }: PageFacts): void {
    const asked = this.#asked;
    const entries = keys.length;
    const own = keys.filter((key) => key?.startsWith(asked.prefix) === true).length;
    const saysNothing = [bucket, prefix, announced, isTruncated].every((fact) => fact === undefined);
    if (saysNothing && entries === 0) {
      throw this.#failure('the answer is an empty element, without the fields of a listing');
    }
    if (prefix !== undefined && prefix !== '' && !isSame(prefix, asked.prefix)) {
      throw this.#failure('the answer is the listing of another prefix than was asked for');
    }
    const isNamed = bucket === asked.bucket && isSame(prefix ?? '', asked.prefix);
    if (isTruncated === undefined && entries === 0 && !isNamed) {
      throw this.#failure('the answer has no objects, and does not say that there are none');
    }
    if (isTruncated === undefined && entries >= most) {
      throw this.#failure('a page is full, and does not say whether more follow');
    }
    this.#entries += own;
    if (own < entries) {
      this.#reason = 'the answer has objects of other prefixes than was asked for';
    } else if (announced !== undefined && announced > 0 && entries === 0) {
      this.#reason = `the answer says that it has ${countText(announced, 'object')}, and shows none`;
    } else if (folders > 0 && entries === 0) {
      this.#reason = 'the answer has folders in the place of objects, which were not asked for';
    } else if (bucket !== undefined && bucket !== '' && bucket !== asked.bucket) {
      // Some services name an alias.
      this.#reason = `the answer is that of the bucket "${bucket}", not of "${asked.bucket}"`;
    }
  }

  /** Why an empty listing proves nothing; undefined when it does, or something was listed. */
  get doubt(): ListingDoubt | undefined {
    return this.#entries === 0 && this.#reason !== undefined ? { about: 'objects', reason: this.#reason } : undefined;
  }

  #failure(found: string): StoreError {
    const remedy = 'the answer cannot be used: check the service, and every proxy and cache on the way to it';
    return new StoreError('invalid', { action: 'list', object: this.#location, found, remedy });
  }
}

/** Services send a prefix back as it was, or encoded for a URL. */
function isSame(answered: string, asked: string): boolean {
  return answered === asked || decoded(answered) === asked;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
