/** One page of a listing. */
export interface KeyPage {
  /** In the order of stores, by UTF-8 bytes. */
  readonly keys: readonly string[];
  /** With a delimiter: what is shown in the place of the keys that have one after the prefix. */
  readonly folders: readonly string[];
  /** The last of both, where more follow; what the next page begins after. */
  readonly next: string | undefined;
}

/** The keys with `prefix` that follow `after`, and with a `delimiter` the folders among them, at most `most`. */
export function keyPage(
  all: Iterable<string>,
  {
    prefix,
    after,
    most,
    delimiter,
  }: {
    readonly prefix: string;
    readonly after: string;
    readonly most: number;
    readonly delimiter?: string | null;
  },
): KeyPage {
  const begin = Buffer.from(after);
  const shown = new Set<string>();
  for (const key of all) {
    if (key.startsWith(prefix)) {
      const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      shown.add(at === -1 ? key : key.slice(0, at + 1));
    }
  }
  const matching = [...shown]
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .filter(({ bytes }) => Buffer.compare(bytes, begin) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key }) => key);
  const page = matching.slice(0, most);
  const isFolder = (key: string): boolean => Boolean(delimiter) && key.endsWith(delimiter ?? '') && key !== prefix;
  return {
    keys: page.filter((key) => !isFolder(key)),
    folders: page.filter(isFolder),
    next: matching.length > page.length ? page.at(-1) : undefined,
  };
}

/** The last key of a page as a token that no client takes for a key. */
export function toPageToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** What {@link toPageToken} was made of; empty for none. */
export function fromPageToken(token: string | null): string {
  return Buffer.from(token ?? '', 'base64url').toString();
}
