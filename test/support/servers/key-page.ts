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

/** The same of keys that are in order already, without a look at those before and after the page. */
export function sortedKeyPage(
  sorted: readonly string[],
  {
    prefix,
    after,
    most,
    delimiter,
  }: {
    readonly prefix: string;
    readonly after: string;
    readonly most: number;
    readonly delimiter: string | null;
  },
): KeyPage {
  const keys: string[] = [];
  const folders: string[] = [];
  let last = '';
  // What follows a folder that was shown is behind all that is in it.
  const begin = delimiter && after.endsWith(delimiter) && after.length > prefix.length ? `${after}\uffff` : after;
  for (let at = placeOf(sorted, begin < prefix ? prefix : begin); at < sorted.length; ) {
    const key = sorted[at] ?? '';
    if (!key.startsWith(prefix)) {
      break;
    }
    if (key === after) {
      at += 1;
      continue;
    }
    if (keys.length + folders.length === most) {
      return { keys, folders, next: last };
    }
    const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    if (end === -1) {
      keys.push(key);
      last = key;
      at += 1;
    } else {
      last = key.slice(0, end + 1);
      folders.push(last);
      at = placeOf(sorted, `${last}\uffff`);
    }
  }
  return { keys, folders, next: undefined };
}

/** The place of the first key that is not before `key`. */
function placeOf(sorted: readonly string[], key: string): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] ?? '') < key) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

/** The last key of a page as a token that no client takes for a key. */
export function toPageToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** What {@link toPageToken} was made of; empty for none. */
export function fromPageToken(token: string | null): string {
  return Buffer.from(token ?? '', 'base64url').toString();
}
