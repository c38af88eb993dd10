import type { LeafKeys, LeafSum } from '../../wasm/page-checker.ts';
import type { Leaf } from './leaf.ts';
import type { RecordKind } from './leaf-page-checker.ts';

/**
 * What a check calls while it walks a database. It shows only sound pages, in key order, and nothing any more after the
 * first damage. Pages are valid during the call only. The path of a bucket is its name and those of the buckets around it,
 * outermost first.
 */
export interface CheckVisitor {
  /** A bucket begins. */
  bucket?(path: readonly Uint8Array[]): void;
  /** A leaf page of the bucket that began last, or of the one around it. May throw Damage, which is reported. */
  leaf?(path: readonly Uint8Array[], leaf: Leaf): void;
  /**
   * What the records of a bucket have to be, when its leaves need not be shown one by one; undefined when they do.
   * A visitor without this method sees each leaf.
   */
  records?(path: readonly Uint8Array[]): RecordKind | undefined;
  /** Leaves of a bucket that were checked together, in place of them. */
  leaves?(path: readonly Uint8Array[], sum: LeafSum): void;
  /** The keys of those leaves where their records are `changes`; left out, they are not looked at. */
  readonly keys?: ((pages: readonly LeafKeys[]) => void) | undefined;
}
