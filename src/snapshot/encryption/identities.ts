import type { Decrypter } from 'age-encryption';
import { EncryptionDamage } from '../damage.ts';
import { EncryptionKeyFault } from './key-fault.ts';
import { keyLines } from './key-lines.ts';

/** An object is encrypted to other recipients than those of the given identities; trying again is of no use. */
export class NoIdentityFits extends Error {
  constructor(cause?: unknown) {
    super('no identity opens it', cause === undefined ? undefined : { cause });
    this.name = 'NoIdentityFits';
  }
}

/** What opens encrypted objects. */
export interface KeyOpener {
  /** How many identities there are. */
  readonly count: number;
  /**
   * The key of the file that begins with `header`. Throws {@link NoIdentityFits}, and {@link EncryptionDamage} when the header is not what
   * its writer made.
   */
  fileKey(header: Uint8Array): Promise<Uint8Array>;
}

/** The secret keys that open encrypted objects. Nothing that prints values shows them. */
export class Identities implements KeyOpener {
  /** How many there are. */
  readonly count: number;
  readonly #decrypter: Decrypter | undefined;

  private constructor(count: number, decrypter: Decrypter | undefined) {
    this.count = count;
    this.#decrypter = decrypter;
  }

  /** None at all: encrypted objects stay closed. */
  static readonly none: Identities = new Identities(0, undefined);

  /**
   * Reads identities: each text is the contents of a file, as `age-keygen` writes it. Throws an {@link EncryptionKeyFault}, which shows nothing
   * of them.
   */
  static async parse(files: readonly string[]): Promise<Identities> {
    const { Decrypter: Library } = await import('./age-library.ts');
    const decrypter = new Library();
    const lines = files.flatMap(keyLines);
    for (const { text, line } of lines) {
      if (/^age1/.test(text)) {
        throw new EncryptionKeyFault(
          'it is a recipient, the public half; what opens objects begins with AGE-SECRET-KEY-',
          { line },
        );
      }
      if (/^age-encryption\.org\/|^-----BEGIN AGE/.test(text)) {
        throw new EncryptionKeyFault('it is encrypted itself; decrypt it with age -d, and give what comes out', {
          line,
        });
      }
      if (/^-----BEGIN/.test(text)) {
        throw new EncryptionKeyFault('it is a key of SSH or TLS; only those of age (AGE-SECRET-KEY-…) are taken', {
          line,
        });
      }
      try {
        decrypter.addIdentity(text);
      } catch {
        // Without the cause, which may quote it.
        throw new EncryptionKeyFault('it is no identity of age (AGE-SECRET-KEY-…)', { line });
      }
    }
    if (lines.length === 0) {
      throw new EncryptionKeyFault('it holds no identity', {});
    }
    return new Identities(lines.length, decrypter);
  }

  async fileKey(header: Uint8Array): Promise<Uint8Array> {
    if (this.#decrypter === undefined) {
      throw new NoIdentityFits();
    }
    try {
      return await this.#decrypter.decryptHeader(header);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('no identity matched')) {
        throw new NoIdentityFits(error);
      }
      // Without the cause: its words are those of a library.
      throw new EncryptionDamage('the header of the encrypted data was changed after it was written');
    }
  }
}
