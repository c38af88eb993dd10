import type { DamageParts } from '../damage.ts';

/**
 * Pages were found sound when they were checked together, and then not when they were checked one by one. That is a fault of
 * this program or of the processor it runs on, whatever state the file is in.
 */
export class CheckDisagreement extends Error {
  readonly file: string;
  /** Byte of the branch page above them. */
  readonly offset: number;
  /** What the check one by one says. */
  readonly reason: string;

  constructor(parts: DamageParts) {
    super(
      `the fast check found the pages below byte ${parts.offset} of ${parts.file} sound, the thorough one disagrees: ${parts.reason}`,
      { cause: parts.cause },
    );
    this.name = 'CheckDisagreement';
    this.file = parts.file;
    this.offset = parts.offset;
    this.reason = parts.reason;
  }
}
