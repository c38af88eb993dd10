/** A given key cannot be used. The message shows nothing of the key. */
export class EncryptionKeyFault extends Error {
  /** Line of the file, from 1; undefined when it is about all of it. */
  readonly line: number | undefined;

  constructor(found: string, { line, cause }: { readonly line?: number; readonly cause?: unknown }) {
    super(found, cause === undefined ? undefined : { cause });
    this.name = 'EncryptionKeyFault';
    this.line = line;
  }
}
