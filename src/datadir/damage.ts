/** Where a file is damaged and how. */
export interface DamageParts {
  /** Path of the damaged file. */
  readonly file: string;
  /** Byte offset of the damaged structure. */
  readonly offset: number;
  /** What was found and what was expected, without a trailing period. */
  readonly reason: string;
  /** The error underneath, when there is one. */
  readonly cause?: unknown;
}

/**
 * One of etcd's own files is damaged: an expected outcome of a bad disk or a truncated download, never a fault of the program.
 */
export class Damage extends Error {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;

  constructor(parts: DamageParts) {
    super(
      `${parts.file} is damaged at byte ${parts.offset}: ${parts.reason}`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.name = 'Damage';
    this.file = parts.file;
    this.offset = parts.offset;
    this.reason = parts.reason;
  }

  /** What it says, without the name of a class, as log lines quote it. */
  override toString(): string {
    return this.message;
  }
}
