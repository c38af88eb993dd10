import { limits } from '../../runtime/limits.ts';
import { AGE_VERSION_LINE, headerEnd } from './age-header.ts';
import { EncryptionKeyFault } from './key-fault.ts';
import { keyLines } from './key-lines.ts';

/** Bytes of the lines around the stanzas of a header: the first, and the last with `--- `, 32 bytes in base64 and its newline. */
const FRAME_SIZE = AGE_VERSION_LINE.length + 48;

/** The header of a new age file, and the key of the file. */
export interface NewHeader {
  readonly header: Uint8Array;
  readonly fileKey: Uint8Array;
}

/** The recipients that new objects are encrypted to. */
export class Recipients {
  /** `age1…` each. They are no secrets. */
  readonly texts: readonly string[];

  private constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  /**
   * Reads recipients: each text is one, or the contents of a file of them, with a line each; empty lines and those that begin with `#` do not count.
   * Throws an {@link EncryptionKeyFault}, which shows nothing of a secret key that was given by mistake.
   */
  static async parse(texts: readonly string[]): Promise<Recipients> {
    const { Encrypter } = await import('./age-library.ts');
    const lines = texts.flatMap(keyLines);
    for (const { text, line } of lines) {
      if (/^AGE-SECRET-KEY-/i.test(text)) {
        throw new EncryptionKeyFault('it is a secret key, which must not be given here', { line });
      }
      if (/^ssh-/.test(text)) {
        throw new EncryptionKeyFault('it is a key of SSH; only those of age (age1…) are taken', { line });
      }
      try {
        new Encrypter().addRecipient(text);
      } catch (cause) {
        throw new EncryptionKeyFault('it is no recipient of age (age1…)', { line, cause });
      }
    }
    if (lines.length === 0) {
      throw new EncryptionKeyFault('it holds no recipient', {});
    }
    const recipients = new Recipients([...new Set(lines.map(({ text }) => text))]);
    if ((await recipients.headerSize()) > limits.ageHeader.most) {
      throw new EncryptionKeyFault(
        `they are ${recipients.texts.length} recipients, too many for the header of an object (${limits.ageHeader.most} bytes)`,
        {},
      );
    }
    return recipients;
  }

  /** Bytes of each header, found out without a key for each recipient: those of one kind have stanzas of one size. */
  async headerSize(): Promise<number> {
    let size = FRAME_SIZE;
    for (const alike of Map.groupBy(this.texts, kindOf).values()) {
      const { header } = await new Recipients(alike.slice(0, 1)).newHeader();
      size += alike.length * (header.length - FRAME_SIZE);
    }
    return size;
  }

  /** A header with a new key for one file, which each of the recipients can open. */
  async newHeader(): Promise<NewHeader> {
    const { Encrypter } = await import('./age-library.ts');
    const encrypter = new Encrypter();
    for (const text of this.texts) {
      encrypter.addRecipient(text);
    }
    let fileKey: Uint8Array | undefined;
    // The library encrypts in JavaScript, too slow for a payload. It makes the header, and gives the key to a recipient that adds no
    // line to it.
    encrypter.addRecipient({
      wrapFileKey(key) {
        fileKey = Uint8Array.from(key);
        return [];
      },
    });
    const empty = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
    const end = headerEnd(empty);
    if (fileKey === undefined || end === undefined) {
      throw new Error('the library of age made no header');
    }
    return { header: empty.subarray(0, end), fileKey };
  }
}

/** What comes before the last `1`, as in `age1…` and `age1pq1…`. */
function kindOf(recipient: string): string {
  return recipient.slice(0, recipient.lastIndexOf('1'));
}
