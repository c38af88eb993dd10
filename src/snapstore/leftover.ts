/** An upload that was neither completed nor aborted, as when its process was killed. Many stores keep, and bill, its parts for ever. */
export interface Leftover {
  /** Of the object it was to become; undefined where the store does not say. */
  readonly key: string | undefined;
  /** For messages: `the unfinished upload of s3://bucket/etcd/v2/Full-…`. */
  readonly what: string;
  /** When it was begun, or last written to, ms since the epoch. */
  readonly begunAt: number;
  /** Until when the store refuses to remove it, ms since the epoch; left out where that is not known. */
  readonly immutableUntil?: number;
  /** True where its parts are objects that a listing shows. */
  readonly isListed?: true;
  /** Removes it. One that is gone already is no error. */
  remove(options: { readonly signal: AbortSignal }): Promise<void>;
}

/** An upload that was begun this long ago has no writer any more, ms. */
export const abandonedAfterMs = 24 * 60 * 60 * 1000;
