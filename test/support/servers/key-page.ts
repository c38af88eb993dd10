/** One page of a listing. */
export interface KeyPage {
  /** In the order of stores, by UTF-8 bytes. */
  readonly keys: readonly string[];
  /** The last of them, where more follow; what the next page begins after. */
  readonly next: string | undefined;
}

/** The keys with `prefix` that follow `after`, at most `most`. */
export function keyPage(
  all: Iterable<string>,
  { prefix, after, most }: { readonly prefix: string; readonly after: string; readonly most: number },
): KeyPage {
  const begin = Buffer.from(after);
  const matching = [...all]
    .filter((key) => key.startsWith(prefix))
    .map((key) => ({ key, bytes: Buffer.from(key) }))
    .filter(({ bytes }) => Buffer.compare(bytes, begin) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key }) => key);
  const keys = matching.slice(0, most);
  return { keys, next: matching.length > keys.length ? keys.at(-1) : undefined };
}

/** The last key of a page as a token that no client takes for a key. */
export function toPageToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** What {@link toPageToken} was made of; empty for none. */
export function fromPageToken(token: string | null): string {
  return Buffer.from(token ?? '', 'base64url').toString();
}
