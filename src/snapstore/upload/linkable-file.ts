/** A file whose content can become an object without being copied. */
export interface LinkableFile {
  readonly path: string;
  /** Bytes; asked when it holds all of them. */
  readonly size: () => number;
}
