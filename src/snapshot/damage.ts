/**
 * The bytes of a stored object are damaged; reading them again gives the same result. Errors of the transport (a lost connection,
 * an unreadable disk) are never wrapped in this.
 */
export class SnapshotDamage extends Error {
  /** What is wrong, without the name of the object, which the reader of its bytes does not know. */
  readonly reason: string;
  /** Bytes from the start of the stream in which the damage was found; undefined when it concerns the whole. */
  readonly offset: number | undefined;

  constructor(reason: string, place: { readonly offset?: number | undefined; readonly cause?: unknown } = {}) {
    const at = place.offset === undefined ? '' : ` at byte ${place.offset}`;
    super(`${reason}${at}`, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = new.target.name;
    this.reason = reason;
    this.offset = place.offset;
  }

  /** What it says, without the name of a class, as log lines quote it. */
  override toString(): string {
    return this.message;
  }
}

/** The compressed bytes cannot be expanded: truncated, altered, or followed by something else. Offsets count compressed bytes. */
export class CompressionDamage extends SnapshotDamage {}

/** The encrypted bytes are not those that were written: truncated, altered, moved. Offsets count stored bytes. */
export class EncryptionDamage extends SnapshotDamage {}

/** The SHA-256 at the end is missing or belongs to other bytes. Offsets count uncompressed bytes. */
export class HashDamage extends SnapshotDamage {}

/** The events of a delta cannot be read. Offsets count bytes of the uncompressed JSON text. */
export class DeltaDamage extends SnapshotDamage {}
