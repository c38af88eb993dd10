/** What a thread says about the database it was told to check. */
export type DatabaseCheckAnswer =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damage'; readonly file: string; readonly offset: number; readonly reason: string }
  /** The check could not be made. */
  | { readonly kind: 'unknown' };
