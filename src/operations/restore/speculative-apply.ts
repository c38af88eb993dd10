import type { Database } from '../../datadir/bbolt/database.ts';
import type { Meta } from '../../datadir/bbolt/meta.ts';
import type { BaseInFile, DeltaApplication } from './deltas/delta-application.ts';

/**
 * Applies deltas while their base is being written, on the assumption that the base ends where its name says. If
 * it does not, disposing of this leaves the base as it was, and the deltas are applied again.
 */
export class SpeculativeApply implements AsyncDisposable {
  readonly #base = Promise.withResolvers<Database>();
  readonly #begin: (base: Pick<BaseInFile, 'meta' | 'base'>) => DeltaApplication;
  #application: DeltaApplication | undefined;

  /** `begin` starts with the deltas, once it is known where the pages of the base end. */
  constructor(begin: (base: Pick<BaseInFile, 'meta' | 'base'>) => DeltaApplication) {
    this.#begin = begin;
    // A rejection must not count as unhandled when nothing waits for it.
    this.#base.promise.catch(() => undefined);
  }

  /** The base has this meta. */
  onMeta(meta: Meta): void {
    this.#application = this.#begin({ meta, base: this.#base.promise });
  }

  /**
   * The base is complete and ends as assumed. Gives the application that was begun, if there is one; the caller owns it, and it owns
   * the database.
   */
  confirmBase(base: Database): DeltaApplication | undefined {
    const application = this.#application;
    if (application !== undefined) {
      this.#base.resolve(base);
      this.#application = undefined;
    }
    return application;
  }

  /** Stops what was begun and not handed out. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#base.reject(new Error('nothing is applied to this base'));
    await this.#application?.[Symbol.asyncDispose]();
  }
}
