import type { Revision } from '../revision.ts';

/** `Full` is a whole database, `Incr` the events after it. The spelling is that of object names. */
export type SnapshotKind = 'Full' | 'Incr';

/** How an object's bytes are compressed; `none` has no suffix in the name. */
export type Compression = 'none' | 'gzip' | 'zlib' | 'lzw' | 'zstd';

/** How an object's compressed bytes are encrypted: as a file of the program age. Left out where they are not. */
export type Encryption = 'age';

/** Layout of a store below its prefix: `v2/NAME`, or the old `v1/Backup-UNIX/NAME`. */
export type Layout = 'v1' | 'v2';

/** What is known of the age of a snapshot whose name says a time that has not come yet: its writer's clock was wrong, or it is forged. */
export interface AheadOfClock {
  /** It was taken before this, by what continues it: whole seconds since the epoch; undefined when nothing that can be believed does. */
  readonly before: number | undefined;
  /** Others that can be believed reach as far: it is excluded, for its name alone. */
  readonly isReached?: true;
}

/** A stored object, as its name describes it. */
export interface Snapshot {
  readonly kind: SnapshotKind;
  /** First revision inside; 0 for a full. */
  readonly startRevision: Revision;
  /** Last revision inside. */
  readonly lastRevision: Revision;
  /** When it was taken, whole seconds since the Unix epoch. */
  readonly createdOn: number;
  readonly compression: Compression;
  readonly encryption?: Encryption | undefined;
  /** The last full of a cluster that is about to be deleted (`.final`). */
  readonly isFinal: boolean;
  readonly layout: Layout;
  /** `Backup-UNIX` in layout v1, empty in v2. */
  readonly directory: string;
  /** The object's own name, such as `Full-00000000-00000058-1795251532.gz`. */
  readonly name: string;
  /** Part number from 1 when this object is one part of a larger one (Swift segments, GCS components). */
  readonly chunk: number | undefined;
  /** Where its name says a time that has not come yet, as a listing finds out: the name says no age then. */
  readonly ahead?: AheadOfClock;
  /**
   * Of a full: what its history holds from this revision on was stored after it, whatever the times in the names say, as a marker in
   * the store says.
   */
  readonly precedes?: Revision;
}
