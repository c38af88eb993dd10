/** What was given as a key is none that can be used. Its message shows nothing of it. */
export class EncryptionKeyFault extends Error {
  /** Line of the file, from 1; undefined when it is about all of it. */
  readonly line: number | undefined;

  constructor(found: string, { line, cause }: { readonly line?: number; readonly cause?: unknown }) {
    super(found, cause === undefined ? undefined : { cause });
    this.name = 'EncryptionKeyFault';
    this.line = line;
  }
}
