import type { ReloadedFiles } from '../runtime/reloaded-files.ts';
import { type KeyOpener, NoIdentityFits } from '../snapshot/encryption/identities.ts';

/** Opens encrypted objects with the identities of files, which are looked at again when none of those that were read fits. */
export class CurrentIdentities implements KeyOpener {
  readonly #files: Pick<ReloadedFiles<KeyOpener>, 'value' | 'current'>;

  constructor(files: Pick<ReloadedFiles<KeyOpener>, 'value' | 'current'>) {
    this.#files = files;
  }

  get count(): number {
    return this.#files.value.count;
  }

  async fileKey(header: Uint8Array): Promise<Uint8Array> {
    const known = this.#files.value;
    try {
      return await known.fileKey(header);
    } catch (error) {
      const current = error instanceof NoIdentityFits ? await this.#files.current() : known;
      if (current === known) {
        throw error;
      }
      return await current.fileKey(header);
    }
  }
}
