import { StoreError } from '../store-error.ts';

/** The most pages of a listing: a service may give new tokens without end. */
const mostPages = 100_000;

/** Which listing goes over pages. */
interface PagedListing {
  readonly action: string;
  readonly object: string;
}

/** The tokens with which the pages of one listing continue. A listing that cannot go on is an error: its rest would count as not there. */
export class PageTokens {
  readonly #listing: PagedListing;
  readonly #seen = new Set<string>();

  constructor({ action, object }: PagedListing) {
    this.#listing = { action, object };
  }

  /**
   * The token of the next page; undefined after the last one. Throws a {@link StoreError} of kind `invalid` when more follows and
   * there is no token, or one that was there before.
   */
  next(page: { readonly more: boolean; readonly token: string | undefined }): string | undefined {
    if (!page.more) {
      return undefined;
    }
    const { token } = page;
    if (token === undefined || token === '') {
      throw this.#failure('a page says that more follow, and not where they begin');
    }
    if (this.#seen.has(token)) {
      throw this.#failure('two pages say that the next one begins at the same place');
    }
    this.#seen.add(token);
    if (this.#seen.size > mostPages) {
      throw this.#failure(`it has more than ${mostPages} pages`);
    }
    return token;
  }

  #failure(found: string): StoreError {
    const remedy = 'the answer cannot be used: check the service, and what changes its answers on the way';
    return new StoreError('invalid', { ...this.#listing, found, remedy });
  }
}
